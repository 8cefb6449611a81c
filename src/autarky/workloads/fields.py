"""Typed access to the fields of a model config: other spellings, nulls, and a memory of what was read."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

from autarky.errors import InputError, Problem, QuantityError
from autarky.workloads.condensed import written_list

# The first name is ours; the others are spellings of the same field in public configs.
ALIASES: dict[str, tuple[str, ...]] = {
    "hidden": ("hidden_size", "n_embd", "d_model"),
    "layers": ("num_hidden_layers", "n_layer", "n_layers", "num_layers"),
    "heads": ("num_attention_heads", "n_head", "n_heads"),
    "key_heads": ("num_key_value_heads", "num_kv_heads", "n_head_kv", "num_attention_groups"),
    "head_width": ("head_dim", "attention_head_dim"),
    "value_width": ("v_head_dim", "attention_v_dim"),
    "feed_width": ("intermediate_size", "n_inner", "ffn_dim", "ffn_hidden_size"),
    "vocabulary": ("vocab_size", "padded_vocab_size"),
    "experts": (
        "n_routed_experts",
        "num_local_experts",
        "num_experts",
        "num_routed_experts",
        "moe_num_experts",
    ),
    "active": (
        "num_experts_per_tok",
        "num_experts_per_token",
        "top_k_experts",
        "experts_per_token",
        "moe_topk",
        "moe_top_k",
        "moe_k",
    ),
    "shared": ("n_shared_experts", "num_shared_experts", "moe_num_shared_experts"),
    "expert_width": ("moe_intermediate_size", "expert_intermediate_size", "moe_ffn_hidden_size"),
    "shared_width": (
        "shared_expert_intermediate_size",
        "moe_shared_expert_intermediate_size",
        "shared_intermediate_size",
        "share_expert_dim",
    ),
    "dense_width": ("dense_intermediate_size", "intermediate_size_mlp"),
    "first_dense": ("first_k_dense_replace", "num_dense_layers", "moe_layer_start_index"),
    "query_rank": ("q_lora_rank", "attention_q_lora_dim"),
    "key_rank": ("kv_lora_rank", "attention_kv_lora_dim"),
    "plain_width": ("qk_nope_head_dim", "attention_qk_dim"),
    "rotary_width": ("qk_rope_head_dim", "attention_qk_rope_dim"),
    "prediction": ("num_nextn_predict_layers", "mtp_num_hidden_layers", "num_mtp_layers", "num_mtp_modules"),
    "context": ("max_position_embeddings", "n_positions", "model_max_length", "seq_length", "n_ctx"),
    "latent": ("moe_latent_size", "routed_expert_hidden_size"),
    "bias": ("attention_bias", "qkv_bias", "use_bias", "enable_bias"),
    "feed_bias": ("mlp_bias", "use_bias", "enable_bias"),
    "span": ("sliding_window", "sliding_window_size"),
}
# Spellings of one number that may differ inside a file because they count different things.
_FIRST_WINS = frozenset({"prediction", "context", "shared_width", "bias", "feed_bias"})
# Sizes past this are typing errors, and would only overflow later.
_LARGEST = 10**9


class Fields:
    """The fields of one config, each read by our name; problems are gathered and raised together."""

    def __init__(self, values: Mapping[str, Any], place: str, prefix: str) -> None:
        self.values = values
        self.place = place
        self.prefix = prefix
        self.problems: list[Problem] = []
        self.read: set[str] = set()

    def problem(self, key: str, message: str, hint: str = "") -> None:
        """Record one problem at `key`; the same problem met again, layer by layer, is told once."""
        found = Problem(message, self.place, f"{self.prefix}{key}", hint)
        if found not in self.problems:
            self.problems.append(found)

    def stop_if_wrong(self) -> None:
        """Raise all problems found so far, if any."""
        if self.problems:
            raise InputError(self.problems)

    def find(self, name: str) -> tuple[str, Any]:
        """Return the key found under any spelling of `name` and its value, None where none is stated."""
        spellings = ALIASES.get(name, (name,))
        found = [(key, self.values[key]) for key in spellings if key in self.values]
        self.read.update(key for key, _ in found)
        stated = [(key, value) for key, value in found if value is not None]
        if not stated:
            return (found[0][0] if found else spellings[0]), None
        first_key, first = stated[0]
        for key, value in stated[1:]:
            if name not in _FIRST_WINS and value != first:
                self.problem(key, f"is {value!r} but {first_key} is {first!r}", "both name the same number")
        return first_key, first

    def pass_over(self, *names: str) -> None:
        """Count fields as read that have no bearing on this model, whatever they say."""
        for name in names:
            self.read.update(key for key in ALIASES.get(name, (name,)) if key in self.values)

    def stated(self, name: str) -> bool:
        """Return whether any spelling of `name` is present, be it null."""
        return any(key in self.values for key in ALIASES.get(name, (name,)))

    def count(self, name: str, default: int | None = None, least: int = 0, most: int = _LARGEST) -> int | None:
        """Return a whole number from `least` to `most`, `default` where it is absent or null."""
        key, value = self.find(name)
        if value is None:
            return default
        whole = isinstance(value, int) or (isinstance(value, float) and math.isfinite(value) and value.is_integer())
        if isinstance(value, bool) or not whole:
            self.problem(key, f"must be a whole number, not {value!r}")
            return default
        if not least <= value <= most:
            self.problem(key, f"must be between {least} and {most}, not {value}")
            return default
        return int(value)

    def need(self, name: str, why: str = "", least: int = 1, most: int = _LARGEST) -> int:
        """Return a whole number that the count cannot do without; its absence is a problem."""
        number = self.count(name, least=least, most=most)
        if number is None and self.find(name)[1] is None:
            spellings = ALIASES.get(name, (name,))
            state = "is null" if self.stated(name) else "is missing"
            also = f"other spellings read: {', '.join(spellings[1:])}" if len(spellings) > 1 else ""
            self.problem(spellings[0], f"{state}{f', {why}' if why else ''}", also)
        return least if number is None else number

    def flag(self, name: str, default: bool | None = None) -> bool | None:
        """Return a yes or no, `default` where it is absent or null."""
        key, value = self.find(name)
        if value is None:
            return default
        if not isinstance(value, bool) and value not in (0, 1):
            self.problem(key, f"must be true or false, not {value!r}")
            return default
        return bool(value)

    def entries(self, name: str, length: int | None) -> list[Any] | None:
        """Return a list with one entry a layer, None where it is absent; text in short form is spelt out."""
        key, value = self.find(name)
        if value is None:
            return None
        if isinstance(value, str):
            try:
                value = written_list(value)
            except QuantityError as error:
                self.problem(key, error.message, error.hint)
                return None
        if not isinstance(value, (list, tuple)):
            self.problem(key, f"must be a list with one entry a layer, not {value!r}")
            return None
        if length is not None and len(value) != length:
            self.problem(key, f"has {len(value)} entries for {length} layers")
            return None
        return list(value)

    def group(self, name: str) -> Mapping[str, Any] | None:
        """Return a nested group of fields, None where it is absent or null."""
        key, value = self.find(name)
        if value is None:
            return None
        if not isinstance(value, Mapping):
            self.problem(key, f"must be a group of fields, not {value!r}")
            return None
        return value
