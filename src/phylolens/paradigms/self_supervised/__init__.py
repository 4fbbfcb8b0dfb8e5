"""Self-supervision: training on altered views of one's own images, without a label or a tree.

``objective`` is what all methods share, ``contrastive`` has those that compare images (SimCLR,
BYOL, MoCo), ``clusters`` those that sort them (SwAV, DeepCluster), ``training`` the loop. They
train an encoder, whatever it is: ``learner`` a small head on the features of views, for the bench;
``backbone`` the network itself, for ``phylolens pretrain``, with ``checkpoint`` between its epochs.
"""
