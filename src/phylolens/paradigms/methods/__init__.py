"""The methods of the bench, a file each; every file lists what it holds in ``METHODS``."""
