/**
 * Linear layers through the oneDNN preset: weights packed once, bias, activation and residual fused, f32, bf16 and int8. The
 * only package that names the preset.
 */
package org.clip4j.onednn;
