"""The names of this package, and the files they stand in."""

from .audit import audit_files as audit_files
from .demo import make_demo as make_demo
from .place_new import place_new as place_new
from .pretrain import train_backbone as train_backbone
