"""What hand-written layers do to arrays: windows and borders, a blur, one thread for NumPy.

Called by ``convolution``, ``pooling``, ``patterns``, ``faithfulness``, ``widgets`` and
``placing``. Arrays in, arrays out; nothing here knows a model.
"""
