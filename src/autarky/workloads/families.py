"""What each family of models fixes in its own code, so that its config.json does not say it.

A config names widths and counts; that queries and keys are normed, that a projection has a bias, or that
every sixth layer sees everything is known only from the family's program. Each row below states those facts
for one `model_type`; `config` reads the rest. A family that is not here is refused, never taken for another.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Literal


@dataclass(frozen=True)
class Family:
    """Facts of a family that its config leaves unsaid.

    `head_width` "quotient" means hidden width / heads where no head width is stated. `one_key_per_head`
    allows the number of key heads to be absent. `output_follows` gives the output projection the bias that
    `attention_bias` announces. `norm_plain`: queries and keys are normed without weights. `period` n: full
    attention on every n-th layer where no list says so, the others with `local` reach. `windows` says when
    a stated window applies: to all layers, or only if flagged. `expert_width` "dense" takes the expert width
    from the dense field. `shared_by_family` adds one shared expert of the expert width that no field
    announces. `corrected` routers carry one balancing bias an expert. `scalars` are single numbers a layer.
    """

    attention: Literal["heads", "latent", "compressed"] = "heads"
    linear: Literal["", "delta", "kimi", "mamba", "lightning"] = ""
    head_width: Literal["quotient", "stated"] = "quotient"
    one_key_per_head: bool = False
    biased: bool = False
    output_biased: bool = False
    output_follows: bool = True
    normed: Literal["", "head", "width"] = ""
    norm_plain: bool = False
    gated_attention: Literal["", "element", "head"] = ""
    sinks: Literal["", "all", "window"] = ""
    period: int = 0
    local: Literal["window", "chunk"] = "window"
    windows: Literal["all", "flagged", "never"] = "all"
    gated: bool = True
    feed_biased: bool = False
    feed_multiple: int = 0
    norms: int = 2
    norm_biased: bool = False
    head_biased: bool = False
    tied: bool = False
    positions: bool = False
    position_offset: int = 0
    embedding_normed: bool = False
    expert_width: Literal["own", "dense"] = "own"
    expert_biased: bool = False
    shared_gate: bool = False
    shared_by_family: bool = False
    router_biased: bool = False
    corrected: bool = False
    both_feeds: bool = False
    scalars: int = 0
    prediction_copies: bool = False
    hyper_connected: bool = False


_LLAMA = Family(one_key_per_head=True)
_QWEN2 = Family(biased=True, windows="flagged")
_QWEN3 = Family(normed="head", head_width="stated", windows="flagged")
_QWEN3_NEXT = replace(_QWEN3, linear="delta", gated_attention="element", shared_gate=True)
_DEEPSEEK2 = Family(attention="latent", one_key_per_head=True)
_DEEPSEEK3 = replace(_DEEPSEEK2, corrected=True, prediction_copies=True)
_DEEPSEEK4 = Family(
    attention="compressed",
    head_width="stated",
    corrected=True,
    prediction_copies=True,
    hyper_connected=True,
)
_GEMMA = Family(head_width="stated", tied=True)
_GEMMA2 = replace(_GEMMA, norms=4, period=2)
_GEMMA3 = replace(_GEMMA, norms=4, period=6, normed="head")
_GLM4_MOE = Family(head_width="stated", output_follows=False, corrected=True, prediction_copies=True, windows="never")
_LLAMA4 = Family(
    head_width="stated",
    norm_plain=True,
    period=4,
    local="chunk",
    expert_width="dense",
    shared_by_family=True,
    windows="never",
)
_NEMOTRON_H = Family(head_width="stated", linear="mamba", norms=1, gated=False, corrected=True)
_MINIMAX2 = Family(head_width="stated", normed="width", expert_width="dense", corrected=True)
_KIMI_LINEAR = replace(_DEEPSEEK3, linear="kimi", prediction_copies=False)
_GPT2 = Family(
    one_key_per_head=True,
    biased=True,
    output_biased=True,
    gated=False,
    feed_biased=True,
    feed_multiple=4,
    norm_biased=True,
    tied=True,
    positions=True,
)
_BLOOM = replace(_GPT2, positions=False, embedding_normed=True)

FAMILIES: dict[str, Family] = {
    "llama": _LLAMA,
    "mistral": Family(),
    "ministral": Family(period=0),
    "mixtral": Family(expert_width="dense"),
    "nemotron-nas": _LLAMA,
    "internlm3": _LLAMA,
    "smollm3": Family(windows="flagged"),
    "seed_oss": Family(head_width="stated", output_follows=False, windows="never"),
    "phi3": Family(one_key_per_head=True),
    "olmo2": Family(one_key_per_head=True, normed="width"),
    "olmo3": Family(one_key_per_head=True, normed="width", period=4),
    "cohere2": Family(norms=1, tied=True, period=4),
    "qwen2": _QWEN2,
    "qwen2_moe": replace(_QWEN2, shared_gate=True),
    "qwen2_vl_text": _QWEN2,
    "qwen2_5_vl_text": _QWEN2,
    "qwen3": _QWEN3,
    "qwen3_moe": _QWEN3,
    "qwen3_vl_text": _QWEN3,
    "qwen3_vl_moe_text": _QWEN3,
    "qwen3_next": _QWEN3_NEXT,
    "qwen3_5_text": _QWEN3_NEXT,
    "qwen3_5_moe_text": _QWEN3_NEXT,
    "mimo": replace(_QWEN2, biased=False, output_follows=False),
    "mimo_v2_flash": Family(head_width="stated", sinks="window", corrected=True),
    "deepseek": _LLAMA,
    "deepseek_v2": _DEEPSEEK2,
    "deepseek_v3": _DEEPSEEK3,
    "deepseek_v32": _DEEPSEEK3,
    "deepseek_v4": _DEEPSEEK4,
    "deepseek_ref": _DEEPSEEK4,
    "glm_moe_dsa": _DEEPSEEK3,
    "kimi_k2": _DEEPSEEK3,
    "kimi_linear": _KIMI_LINEAR,
    "pangu_ultra_moe": replace(_DEEPSEEK2, norms=4),
    "pangu_pro_moe": Family(biased=True, output_biased=True),
    "glm4": Family(biased=True, output_follows=False, norms=4),
    "glm4_moe": _GLM4_MOE,
    "dots1": replace(_GLM4_MOE, normed="head", prediction_copies=False),
    "ernie4_5": Family(tied=True),
    "ernie4_5_moe": Family(tied=True, corrected=True),
    "gpt_oss": Family(
        head_width="stated",
        sinks="all",
        period=2,
        expert_width="dense",
        expert_biased=True,
        router_biased=True,
    ),
    "gemma": _GEMMA,
    "gemma2": _GEMMA2,
    "gemma3_text": _GEMMA3,
    "gemma4_text": replace(_GEMMA3, both_feeds=True, scalars=1),
    "llama4_text": _LLAMA4,
    "minimax": Family(linear="lightning", expert_width="dense"),
    "minimax_m2": _MINIMAX2,
    "minimax_m3": replace(_MINIMAX2, normed="head"),
    "nemotron_h": _NEMOTRON_H,
    "step3p7": Family(head_width="stated", normed="head", gated_attention="head", corrected=True, period=4),
    "granite": _LLAMA,
    "granitemoe": Family(expert_width="dense"),
    "arcee": Family(gated=False),
    "apertus": Family(gated=False, normed="head", scalars=2),
    "nemotron": Family(gated=False, norm_biased=True),
    "stablelm": Family(norm_biased=True),
    "starcoder2": replace(_GPT2, positions=False, feed_multiple=0, one_key_per_head=False),
    "cohere": Family(norms=1, tied=True),
    "olmoe": Family(one_key_per_head=True, normed="width", expert_width="dense"),
    "phimoe": Family(norm_biased=True, expert_width="dense"),
    "hunyuan_v1_dense": Family(head_width="stated", normed="head"),
    "hunyuan_v1_moe": Family(head_width="stated", normed="head", expert_width="dense", shared_by_family=True),
    "afmoe": Family(head_width="stated", normed="head", gated_attention="element", norms=4, corrected=True, period=4),
    "ministral3": Family(head_width="stated"),
    "mistral4": _DEEPSEEK2,
    "youtu": replace(_DEEPSEEK2, tied=True),
    "glm": Family(biased=True, output_follows=False),
    "glm4_moe_lite": _DEEPSEEK3,
    "gpt2": _GPT2,
    "gpt_neox": replace(_GPT2, positions=False, tied=False, feed_multiple=0),
    "opt": replace(_GPT2, position_offset=2, feed_multiple=0),
    "bloom": _BLOOM,
}

# Names under which the same program appears: wrappers of several modalities, spellings, renamed releases.
SYNONYMS = {
    "qwen3_vl": "qwen3_vl_text",
    "qwen3_vl_moe": "qwen3_vl_moe_text",
    "qwen3_5": "qwen3_5_text",
    "qwen3_5_moe": "qwen3_5_moe_text",
    "qwen2_vl": "qwen2_vl_text",
    "qwen2_5_vl": "qwen2_5_vl_text",
    "kimi_k25": "kimi_k2",
    "kimi_k3": "kimi_linear",
    "llama4": "llama4_text",
    "gemma3": "gemma3_text",
    "gemma4": "gemma4_text",
    "minimax_text_01": "minimax",
    "minimax_m1": "minimax",
    "minimax_m3_vl": "minimax_m3",
    "step3p5": "step3p7",
    "mistral3": "mistral",
    "pangupromoe": "pangu_pro_moe",
}


def family_name(model_type: str) -> str | None:
    """Return the family that `model_type` names, None where it is not known."""
    plain = model_type.strip()
    for name in (plain, plain.lower()):
        name = SYNONYMS.get(name, name)
        if name in FAMILIES:
            return name
    return None


def family_of_class(architecture: str) -> str | None:
    """Return the family behind a model class such as `LlamaForCausalLM`, None where it is not known."""
    stem = architecture.split("For")[0].lower()
    for name in (*FAMILIES, *SYNONYMS):
        if stem == name.replace("_", "").replace("-", ""):
            return SYNONYMS.get(name, name)
    return None
