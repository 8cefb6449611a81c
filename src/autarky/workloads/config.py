"""Read the config.json of a language model into a `ModelConfig`.

Any public spelling is read. Nothing is guessed: a missing essential or an unknown architecture is an
`InputError` that names what is missing, all problems of a file at once.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from autarky.errors import InputError, Problem, nearest
from autarky.facts.yaml_tree import read_text
from autarky.workloads.architecture import Attention, Layer, ModelConfig
from autarky.workloads.families import FAMILIES, SYNONYMS, Family, family_name, family_of_class
from autarky.workloads.feeds import FeedReader
from autarky.workloads.fields import Fields
from autarky.workloads.mixers import MixerReader
from autarky.workloads.plan import blocks, expert_layers, reaches
from autarky.workloads.pruned import pruned_layers
from autarky.workloads.quantised import read_quantisation
from autarky.workloads.unread import unread_fields

# Parts of several modalities keep their language model in one of these; it wins over the top level.
TEXT_PARTS = ("text_config", "language_config", "llm_config")
_BITS = {"float32": 32, "float": 32, "bfloat16": 16, "float16": 16, "half": 16}
# A hundred times the deepest known model; more is a typing error that would only take time.
_MOST_LAYERS = 10_000
_OTHER_PARTS = ("vision_config", "audio_config", "visual", "vision_tower_config")


def read_config(source: Mapping[str, Any] | str | Path, *, name: str = "") -> ModelConfig:
    """Return the model that a config describes; `source` is its content, its path, or its folder."""
    values, place = _content(source)
    prefix, text = text_part(values)
    fields = Fields(text, place, prefix)
    family = _family(values, text, fields)
    facts = FAMILIES[family]
    hidden = fields.need("hidden")
    vocabulary = fields.need("vocabulary")
    layers, prediction = _layers(fields, facts, hidden)
    tied = _outer(values, fields, "tie_word_embeddings")
    if tied is not None and not isinstance(tied, bool):
        fields.problem("tie_word_embeddings", f"must be true or false, not {tied!r}")
    packing = _outer(values, fields, "quantization_config") or _packing_beside(place)
    quantisation = read_quantisation(packing, fields)
    precision = _outer(values, fields, "torch_dtype") or _outer(values, fields, "dtype")
    config = ModelConfig(
        name=name or Path(place).stem or family,
        family=family,
        hidden=hidden,
        vocabulary=vocabulary,
        layers=layers,
        tied=facts.tied if tied is None else bool(tied),
        embedding_width=fields.count("word_embed_proj_dim", default=hidden) or hidden,
        positions=_positions(fields, facts),
        norm_biased=facts.norm_biased,
        head_biased=bool(fields.flag("lm_head_bias", default=facts.head_biased)),
        embedding_normed=facts.embedding_normed,
        final_normed=bool(fields.flag("do_layer_norm_before", default=True)),
        prediction=prediction,
        prediction_copies=facts.prediction_copies,
        streams=fields.count("hc_mult", default=1) or 1,
        layer_input=_layer_input(fields, vocabulary),
        context=fields.count("context", least=1),
        element_bits=_BITS.get(str(precision).removeprefix("torch."), 16),
        quantisation=quantisation,
        unread=tuple(f"{prefix}{key}" for key in unread_fields(text, fields.read)),
        notes=_notes(values, fields, facts),
    )
    fields.stop_if_wrong()
    return config


def _notes(values: Mapping[str, Any], fields: Fields, family: Family) -> tuple[str, ...]:
    """Return what the counts of this model leave out."""
    notes = [f"{part} is not counted" for part in _OTHER_PARTS if values.get(part)]
    if family.hyper_connected and not fields.stated("hc_mult"):
        notes.append("hc_mult is not stated: the mixing of residual streams is not counted")
    return tuple(notes)


def text_part(values: Mapping[str, Any]) -> tuple[str, Mapping[str, Any]]:
    """Return the dotted prefix and the fields of the language model inside a config of several parts."""
    prefix = ""
    while True:
        key = next((key for key in TEXT_PARTS if isinstance(values.get(key), Mapping)), None)
        if key is None:
            return prefix, values
        prefix, values = f"{prefix}{key}.", values[key]


def _content(source: Mapping[str, Any] | str | Path) -> tuple[Mapping[str, Any], str]:
    if isinstance(source, Mapping):
        return source, ""
    path = Path(source)
    if path.is_dir():
        path = path / "config.json"
    try:
        values = json.loads(read_text(path, str(path)), object_pairs_hook=lambda pairs: _once_each(pairs, str(path)))
    except RecursionError:
        raise InputError(Problem("is nested too deeply to be a config", str(path))) from None
    except ValueError as error:
        raise InputError(Problem(f"is not JSON: {error}", str(path))) from error
    if not isinstance(values, Mapping):
        raise InputError(Problem("must hold a group of fields", str(path), hint="as a model's config.json does"))
    return values, str(path)


def _once_each(pairs: list[tuple[str, Any]], place: str) -> dict[str, Any]:
    """Return a group of fields; two values under one name are an error, and not the last one."""
    group = dict(pairs)
    if len(group) < len(pairs):
        names = [name for name, _ in pairs]
        twice = dict.fromkeys(name for name in names if names.count(name) > 1)
        raise InputError(Problem("stands twice in the file", place, name, "keep one") for name in twice)
    return group


def _packing_beside(place: str) -> object:
    """Return how weights are packed where a file of its own says so, None without one."""
    beside = Path(place).with_name("hf_quant_config.json") if place else None
    if beside is None or not beside.is_file():
        return None
    return _content(beside)[0].get("quantization")


def _outer(values: Mapping[str, Any], fields: Fields, key: str) -> object:
    """Return a field that may stand beside the language model as well as inside it."""
    inner = fields.find(key)[1]
    return values.get(key) if inner is None else inner


def _family(values: Mapping[str, Any], text: Mapping[str, Any], fields: Fields) -> str:
    named = [part.get("model_type") for part in (text, values)]
    classes = [_class_name(part.get("architectures")) for part in (text, values)]
    for model_type, class_name in zip(named, classes, strict=True):
        if isinstance(model_type, str) and (family := family_name(model_type)):
            other = family_of_class(class_name)
            if other is not None and FAMILIES[other] != FAMILIES[family]:
                hint = f"{class_name} belongs to {other}, which has other parts; only one of the two can be right"
                fields.problem("architectures", f"contradicts the model_type {model_type!r}", hint)
            return family
    if not any(named):
        for class_name in classes:
            if family := family_of_class(class_name):
                return family
    stated = next((kind for kind in (*named, *classes) if kind), None)
    if stated is None:
        fields.problem("model_type", "is missing", "it says which architecture the fields belong to")
    else:
        fields.problem(
            "model_type",
            f"{stated!r} is not a known architecture",
            nearest(str(stated), (*FAMILIES, *SYNONYMS)) or "its parameters cannot be counted from fields alone",
        )
    raise InputError(fields.problems)


def _class_name(architectures: object) -> str:
    """Return the first of the model classes that a config names, empty where there is none."""
    return str(architectures[0]) if isinstance(architectures, list) and architectures else ""


def _layers(fields: Fields, family: Family, hidden: int) -> tuple[tuple[Layer, ...], tuple[Layer, ...]]:
    """Return the layers of the main model and those of its multi-token prediction."""
    if family.linear == "mamba":
        return _single_part_layers(fields, family, hidden)
    number = fields.need("layers", most=_MOST_LAYERS)
    mixers = MixerReader(fields, family, hidden, number)
    feeds = FeedReader(fields, family, hidden, number)
    pruned = pruned_layers(fields, hidden, number)
    if pruned is not None:
        return pruned, ()
    # Layers of one kind share one record, so that later counts run over kinds and not over layers.
    kinds: dict[Layer, Layer] = {}
    reach = reaches(fields, family, number)
    expert = expert_layers(fields, number)
    norms = 4 if fields.flag("sandwich_norm") else family.norms
    streams = fields.count("hc_mult", default=1, least=1) or 1
    built = []
    for layer in range(number):
        parts = feeds.feeds(layer, expert[layer])
        made = Layer(
            mixer=mixers.mixer(layer, reach[layer]),
            feeds=parts,
            norms=norms + (3 if len(parts) > 1 else 0),
            streams=streams,
            scalars=family.scalars,
        )
        built.append(kinds.setdefault(made, made))
        if fields.problems:
            break
    extra = fields.count("prediction", default=0, most=_MOST_LAYERS) or 0
    full = next((layer for layer in reversed(built) if _sees_all(layer)), built[-1])
    prediction = tuple(
        Layer(
            mixer=mixers.mixer(number + step, "full") if family.attention == "compressed" else full.mixer,
            feeds=built[-1].feeds,
            norms=norms,
            streams=streams,
        )
        for step in range(extra)
    )
    return tuple(built), prediction


def _sees_all(layer: Layer) -> bool:
    return not isinstance(layer.mixer, Attention) or layer.mixer.reach == "full"


def _single_part_layers(fields: Fields, family: Family, hidden: int) -> tuple[tuple[Layer, ...], tuple[Layer, ...]]:
    """Return the layers of a model whose layers are a mixer or a feed, never both."""
    number = fields.count("layers", least=1, most=_MOST_LAYERS)
    main = blocks(fields, number, "layers_block_type", "hybrid_override_pattern")
    if main is None:
        if not fields.problems:
            fields.problem("hybrid_override_pattern", "is missing", "or layers_block_type, a list")
        return (), ()
    mixers = MixerReader(fields, family, hidden, len(main))
    feeds = FeedReader(fields, family, hidden, len(main))
    made = {
        "mamba": lambda: Layer(mixers.mamba(), (), norms=1),
        "attention": lambda: Layer(mixers.mixer(0, "full"), (), norms=1),
        "mlp": lambda: Layer(None, (feeds.dense(0),), norms=1),
        "moe": lambda: Layer(None, (feeds.experts(0),), norms=1),
    }
    kinds = {kind: made[kind]() for kind in dict.fromkeys(main)}
    times = fields.count("prediction", default=0, most=_MOST_LAYERS) or 0
    extra = blocks(fields, None, "mtp_layers_block_type", "mtp_hybrid_override_pattern") or []
    kinds |= {kind: made[kind]() for kind in extra if times and kind not in kinds}
    fields.pass_over("feed_width")
    return tuple(kinds[kind] for kind in main), tuple(kinds[kind] for kind in extra * times)


def _positions(fields: Fields, family: Family) -> int:
    if not family.positions:
        return 0
    return fields.need("context", "though positions are learned") + family.position_offset


def _layer_input(fields: Fields, vocabulary: int) -> tuple[int, int] | None:
    """Return vocabulary and width of the embedding that each layer reads anew, None without one."""
    width = fields.count("hidden_size_per_layer_input", default=0)
    if not width:
        return None
    return fields.count("vocab_size_per_layer_input", default=vocabulary) or vocabulary, width
