"""Pictures made and compared: cut-out objects on grounds, and copies of a picture found again.

Called by ``datasets``.
"""
