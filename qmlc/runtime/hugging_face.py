"""`HuggingFaceModule`: a model of Hugging Face's from a local folder, without its head."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from pickle import UnpicklingError
from typing import Any

import torch
from torch import Tensor, nn

from qmlc.ops.architectures import TEXTS
from qmlc.runtime.errors import unfit
from qmlc.runtime.leave_padding import leave_padding
from qmlc.runtime.pretrained_module import PretrainedModule, as_arguments, missing_extra


class HuggingFaceModule(PretrainedModule):
    """`transformers.AutoModel`, without code from the model's folder, in the module's precision."""

    def read(self, folder: Path, **settings: Any) -> nn.Module:
        """The model in a folder; CompileError where weights are missing."""
        try:
            import transformers  # heavy, and in the extra `pretrained`
        except ImportError:
            raise missing_extra("transformers") from None
        logging = transformers.utils.logging
        shown = logging.is_progress_bar_enabled()
        logging.disable_progress_bar()
        try:
            model, found = transformers.AutoModel.from_pretrained(
                folder,
                local_files_only=True,
                trust_remote_code=False,
                output_loading_info=True,
                dtype=torch.float32,
            )
        except UnpicklingError:
            what = f"the weights in `{folder}` are more than weights, and would have to be run"
            raise unfit(what, "take a folder with safetensors") from None
        except (OSError, ValueError) as error:
            raise unfit(f"`{folder}` cannot be read: {error}") from error
        finally:
            if shown:
                logging.enable_progress_bar()
        self._check_weights(model, sorted(found["missing_keys"]))
        if hasattr(model.config, "use_cache"):
            model.config.use_cache = False  # what is learned needs no cache of earlier tokens
        return model  # type: ignore[no-any-return]

    def _check_weights(self, model: nn.Module, missing: list[str]) -> None:
        """Weights that are not there would be random; a pooler that nobody asks for may be."""
        results = list(self.output) if not isinstance(self.output, str) else []
        if "pooler_output" not in results:
            missing = [name for name in missing if "pooler." not in name]
        if missing:
            what = f"`{self.name}` lacks {len(missing)} weights: `{missing[0]}`, …"
            raise unfit(what, "take a folder that holds the weights of the whole model")

    def call(self, *inputs: Tensor) -> Any:
        """What the model yields for inputs by its own names; of texts nothing at padding."""
        names = [] if isinstance(self.output, str) else list(self.output)
        return self.run(inputs, names)

    def run(self, inputs: Sequence[Tensor], names: Sequence[str]) -> Any:
        """The results of these names, or, where there are none, all that the model yields."""

        def run(given: Sequence[Tensor]) -> Any:
            return self.module(**as_arguments(self.inputs, given))

        mask = dict(zip(self.inputs, inputs, strict=True)).get("attention_mask")
        if mask is None or not names or not self._is_text():
            return run(inputs)
        return leave_padding(lambda given: self._fields(run(given), names), inputs, mask)

    def _is_text(self) -> bool:
        config: Any = self.module.config
        return config.model_type in TEXTS
