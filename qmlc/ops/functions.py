"""Every function of tensors, as rows of data.

A row of FUNCTIONS (a `Function`) says:

* `parameters`: tensors and settings, with PyTorch's or einops' names, order and defaults. A
  tensor whose default is None may be left out. `sizes=True`: further keywords are sizes of axes,
  kept in the setting `sizes` as a tuple of (name, size). `variadic=True`: its one tensor parameter
  takes a list of tensors (`einsum`: all the arguments after the equation). `rest`: its last
  parameter takes all the arguments that are left, as in `zeros(2, 3)`.
* `law(types, settings)`: the types of the tensors in order (None for one left out; where variadic,
  one for each in the list) and the settings by name, to the type of the result. ShapeError where
  torch would raise for every value of the symbols. A record where torch yields a named tuple.
* `template`: how torch says it. `ops.fill_template` fills it, drops `, name={name}` where the value
  is the default (`{name!s}` is always written) and brackets operands. `device` is filled in by the
  printer. `F` is `torch.nn.functional`, `masked` is `qmlc.runtime.masked`;
  other names as `backends.torch.identifiers` imports them.
* `alternatives`: pairs of a parameter and the template to use when that differs from its default.
* `precedence`: how tightly the printed expression binds; `numbers`: whether plain numbers may stand
  in the place of tensors there.
* `random`: equal calls differ.
* `scalar`: its name in `types.polynomial.FUNCTIONS` where it works on a circuit's scalars too.

A new function is one row; the law tests find it and hold it against torch.
"""

from __future__ import annotations

from qmlc.ops.arithmetic import ELEMENTWISE, OPERATORS
from qmlc.ops.constructions import CONSTRUCTIONS
from qmlc.ops.decompositions import DECOMPOSITIONS
from qmlc.ops.einops_patterns import EINOPS
from qmlc.ops.grids import GRIDS
from qmlc.ops.linear_algebra import LINEAR_ALGEBRA
from qmlc.ops.losses import LOSSES
from qmlc.ops.rearrangements import REARRANGEMENTS
from qmlc.ops.reductions import REDUCTIONS
from qmlc.ops.rows import Function
from qmlc.ops.selections import SELECTIONS
from qmlc.ops.special_functions import SPECIAL_FUNCTIONS

FUNCTIONS: dict[str, Function] = {
    **OPERATORS,
    **ELEMENTWISE,
    **SPECIAL_FUNCTIONS,
    **REDUCTIONS,
    **SELECTIONS,
    **REARRANGEMENTS,
    **CONSTRUCTIONS,
    **GRIDS,
    **EINOPS,
    **LINEAR_ALGEBRA,
    **DECOMPOSITIONS,
    **LOSSES,
}
