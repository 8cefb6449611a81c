"""Fields of public configs that change no parameter, no cache byte and no operation.

A field that is neither read nor listed here is reported as unread: it may be a part that the count misses.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import Any

_HARMLESS_NAMES = """
    architectures auto_map model_type transformers_version torch_dtype dtype _name_or_path name_or_path
    hidden_act hidden_activation activation_function activation mlp_hidden_act mamba_hidden_act
    initializer_range init_method_std rescale_prenorm_residual residual_in_fp32 rms_norm_eps norm_eps
    layer_norm_epsilon layer_norm_eps layernorm_epsilon tie_encoder_decoder pretraining_tp ep_size
    attention_dropout hidden_dropout attn_pdrop embd_pdrop resid_pdrop dropout classifier_dropout
    use_cache output_router_logits output_attentions output_hidden_states return_dict torchscript
    max_window_layers initial_context_length original_max_position_embeddings
    norm_topk_prob routed_scaling_factor scoring_func topk_method topk_group n_group num_expert_group
    use_grouped_topk moe_renormalize moe_router_activation_func router_aux_loss_coef aux_loss_alpha seq_aux
    moe_router_dtype moe_router_scaling_factor use_routing_bias use_moe_router_bias router_jitter_noise
    partial_rotary_factor rotary_dim rotary_pct interleaved_mrope use_mrope mrope_section
    swiglu_limit swiglu_alpha final_logit_softcapping attn_logit_softcapping query_pre_attn_scalar
    attention_value_scale hc_eps hc_sinkhorn_iters indexer_rope_interleave num_logits_to_keep
    time_step_floor time_step_max time_step_min time_step_limit time_step_rank chunk_size use_mamba_kernels
    mamba_ssm_dtype mamba_ssm_cache_dtype use_bidirectional_attention use_gemma_norm mla_use_nope
    index_share_for_mtp_iteration index_skip_topk_offset index_topk_freq index_topk_pattern
    moe_shared_expert_overlap num_ctx is_decoder is_encoder_decoder add_cross_attention pruned_heads
    cross_attention_hidden_size id2label label2id finetuning_task problem_type prefix top_k top_p
    temperature tokenizer_class task_specific_params use_bfloat16 ignore_index image_seq_length
    mtp_use_dedicated_embeddings num_reward_heads embedding_dropout sep_token_id decoder_start_token_id
    suppress_tokens begin_suppress_tokens bad_words_ids num_beams num_beam_groups no_repeat_ngram_size
    encoder_no_repeat_ngram_size repetition_penalty length_penalty diversity_penalty typical_p do_sample
    early_stopping max_length min_length num_return_sequences output_scores return_dict_in_generate
    remove_invalid_values exponential_decay_length_penalty forced_bos_token_id forced_eos_token_id
    chunk_size_feed_forward summary_type summary_use_proj summary_activation summary_first_dropout
    summary_proj_to_labels slow_but_exact apply_residual_connection_post_layernorm expand
    qk_head_dim activation_situ_beta activation_situ_linear_beta moe_capacity_factor moe_aux_loss_coef
    postnorm layernorm_full_attention_alpha layernorm_full_attention_beta layernorm_linear_attention_alpha
    layernorm_linear_attention_beta layernorm_mlp_alpha layernorm_mlp_beta shared_moe_mode
    full_attn_alpha_factor full_attn_beta_factor linear_attn_alpha_factor linear_attn_beta_factor
    mlp_alpha_factor mlp_beta_factor block_size label vocab_size_per_layer_input
    use_mtp mtp_transformer_layers num_hash_layers moe_layer_end_index moe_use_aux_free
    pangu_router_type output_gate_type layer_norm_elementwise_affine _remove_final_layer_norm _comment
"""
_HARMLESS = frozenset(_HARMLESS_NAMES.split())
_HARMLESS_FORMS = re.compile(
    r".*(_token_id|_token_index|_token_ids|_soft_tokens_per_image|rope_theta|rope_scaling|rope_parameters"
    r"|rope_interleave|_placeholder)$|rope_.*|.*_rope_.*theta|swa_rope.*|.*_initializer_.*"
)


def unread_fields(values: Mapping[str, Any], read: Iterable[str]) -> tuple[str, ...]:
    """Return the keys that were neither read nor are known to change nothing, sorted.

    Fields that are absent in effect (null, false, empty) are left out: they add no part.
    """
    known = set(read)
    return tuple(
        sorted(
            key
            for key, value in values.items()
            if key not in known
            and key not in _HARMLESS
            and not _HARMLESS_FORMS.fullmatch(key)
            and value not in (None, False, 0, [], {}, "")
        )
    )
