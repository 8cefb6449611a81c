"""The feed-forward parts of one layer, read from a config."""

from __future__ import annotations

from dataclasses import dataclass

from autarky.workloads.architecture import DenseFeed, ExpertFeed, Feed
from autarky.workloads.families import Family
from autarky.workloads.fields import Fields


@dataclass(frozen=True)
class FeedReader:
    """Reads feeds layer by layer; `hidden` is the model width and `layers` the number of layers."""

    fields: Fields
    family: Family
    hidden: int
    layers: int

    def feeds(self, layer: int, experts: bool) -> tuple[Feed, ...]:
        """Return the feeds of layer number `layer` (from 0), with or without experts."""
        if not experts:
            return (self.dense(layer),)
        if self.family.both_feeds:
            return (self.dense(layer), self.experts(layer))
        # Models of experts alone still state a dense width, which nothing uses.
        self.fields.pass_over("feed_width", "dense_width")
        return (self.experts(layer),)

    def dense(self, layer: int) -> DenseFeed:
        """Return the dense feed of a layer."""
        fields = self.fields
        width = fields.count("dense_width", least=1) or self._listed_width(layer)
        double = bool(fields.flag("use_double_wide_mlp")) and layer >= self.layers - (
            fields.count("num_kv_shared_layers", default=0) or 0
        )
        return DenseFeed(width * (2 if double else 1), self.family.gated, self._biased())

    def _biased(self) -> bool:
        return self.family.feed_biased or bool(self.fields.flag("feed_bias", default=False))

    def _listed_width(self, layer: int) -> int:
        key, value = self.fields.find("feed_width")
        if isinstance(value, list):
            entries = self.fields.entries("feed_width", self.layers)
            entry = entries[layer] if entries else 1
            if not isinstance(entry, int) or isinstance(entry, bool) or entry < 1:
                self.fields.problem(key, f"must hold one positive whole number a layer, not {entry!r}")
                return 1
            return entry
        if value is None and self.family.feed_multiple:
            return self.family.feed_multiple * self.hidden
        return self.fields.need("feed_width")

    def _expert_width(self) -> int:
        if self.fields.stated("expert_width") or self.family.expert_width == "own":
            return self.fields.need("expert_width", "though layers hold experts")
        return self.fields.need("feed_width", "though layers hold experts")

    def experts(self, layer: int) -> ExpertFeed:
        """Return the expert feed of a layer; layers that route by a table have no balancing bias."""
        fields, family = self.fields, self.family
        by_table = layer < (fields.count("num_hash_layers", default=0) or 0)
        experts = fields.need("experts")
        active = fields.need("active", "though layers hold experts")
        if active > experts:
            fields.problem("num_experts_per_tok", f"{active} is more than the {experts} experts")
        width = self._expert_width()
        return ExpertFeed(
            experts=experts,
            active=active,
            width=width,
            gated=family.gated,
            biased=family.expert_biased,
            shared_width=self._shared_width(width),
            shared_gate=family.shared_gate,
            router_biased=family.router_biased,
            corrected=family.corrected and not by_table,
            router_scales=family.both_feeds,
            latent=fields.count("latent", least=1),
            latent_normed=bool(fields.flag("latent_moe_use_norm")),
        )

    def _shared_width(self, width: int) -> int:
        number = self.fields.count("shared")
        stated = self.fields.count("shared_width")
        if stated and number != 0:
            return stated
        if number is not None:
            return number * width
        return width if self.family.shared_by_family else 0
