"""Short names for the kinds of array that pass between rooms."""

from __future__ import annotations

from typing import TypeAlias

import numpy as np

Floats: TypeAlias = np.ndarray[tuple[int, ...], np.dtype[np.float32]]
Integers: TypeAlias = np.ndarray[tuple[int, ...], np.dtype[np.int64]]
Numbers: TypeAlias = np.ndarray[tuple[int, ...], np.dtype[np.int32]]
Ids: TypeAlias = np.ndarray[tuple[int, ...], np.dtype[np.uint32]]
Bytes: TypeAlias = np.ndarray[tuple[int, ...], np.dtype[np.uint8]]
Mask: TypeAlias = np.ndarray[tuple[int, ...], np.dtype[np.bool_]]
