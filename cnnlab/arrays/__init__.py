"""What is done to arrays: windows and borders, a blur, pictures composed and compared.

``windows`` is what convolution and pooling share; ``blur`` and ``threads`` serve maps,
gradients and comparisons; ``composing`` puts objects on grounds, ``duplicates`` finds pictures
that stand in two sets. Called by ``convolution``, ``pooling``, ``patterns``, ``faithfulness``,
``placing``, ``drawings``, ``widgets``, ``datasets`` and ``diagnosis``. Arrays in, arrays out;
nothing here knows a model.
"""
