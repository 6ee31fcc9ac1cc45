"""Lets torchvision be imported beside a torch without CUDA; scripts/vllm-cpu installs it.

The package index has torchvision for CUDA only. Beside torch for the processor its compiled
operators do not load, and two of its modules, which only tell torch how these operators behave,
raise. Without the two, everything that is plain Python works: what prepares pictures for a model
is. The operators themselves (`nms`, `roi_align`, ...) stay away. Nothing is imported here.
"""

import sys
from types import ModuleType

for part in ("_autograd_registrations", "_meta_registrations"):
    name = f"torchvision.{part}"
    sys.modules.setdefault(name, ModuleType(name, "Left out by torchvision_ops."))
