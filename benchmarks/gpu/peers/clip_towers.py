"""The towers: architectures, modules, and one tower on the device with its inputs and what it should answer."""
# name: (resolution, patch, width, layers, heads, embedding), openai/CLIP clip/model.py build_model
IMAGE_TOWERS = {
    "ViT-B/32": (224, 32, 768, 12, 12, 512),
    "ViT-B/16": (224, 16, 768, 12, 12, 512),
    "ViT-L/14": (224, 14, 1024, 24, 16, 768),
    "tiny": (32, 16, 64, 2, 2, 32),
}
# name: (context, vocabulary, width, layers, heads, embedding, tokens); "text77" and "text8" are ViT-B/32's text tower
TEXT_TOWERS = {
    "text77": (77, 49408, 512, 12, 8, 512, 77),
    "text8": (77, 49408, 512, 12, 8, 512, 8),
    "tinytext": (16, 100, 64, 2, 2, 32, 8),
}
# Of the embedding of one row, relative to the norm: about 25 times the type's rounding (tf32's for f32), which is what
# 24 layers add up to; a wrong row is off by about 1.4.
TOLERANCE = {"f32": 25 * 2 ** -11, "f16": 25 * 2 ** -11, "bf16": 25 * 2 ** -8}


def build_modules(torch):
    """Defines the modules; a function, so that --help works without PyTorch."""
    import torch.nn.functional as F
    from torch import nn

    class QuickGelu(nn.Module):
        def forward(self, x):
            return x * torch.sigmoid(1.702 * x)  # 1.702: QuickGELU, openai/CLIP clip/model.py

    class Attention(nn.Module):
        def __init__(self, width, heads, causal):
            super().__init__()
            self.heads = heads
            self.causal = causal
            self.in_proj = nn.Linear(width, 3 * width)
            self.out_proj = nn.Linear(width, width)

        def forward(self, x):  # [B,T,D]
            b, t, d = x.shape
            q, k, v = self.in_proj(x).view(b, t, 3, self.heads, d // self.heads).permute(2, 0, 3, 1, 4).unbind(0)
            y = F.scaled_dot_product_attention(q, k, v, is_causal=self.causal)  # [B,H,T,D/H]
            return self.out_proj(y.transpose(1, 2).reshape(b, t, d))

    class Block(nn.Module):
        def __init__(self, width, heads, causal):
            super().__init__()
            self.ln_1 = nn.LayerNorm(width)
            self.attn = Attention(width, heads, causal)
            self.ln_2 = nn.LayerNorm(width)
            self.c_fc = nn.Linear(width, 4 * width)
            self.gelu = QuickGelu()
            self.c_proj = nn.Linear(4 * width, width)

        def forward(self, x):  # [B,T,D]
            x = x + self.attn(self.ln_1(x))
            return x + self.c_proj(self.gelu(self.c_fc(self.ln_2(x))))

        def initialise(self, width, layers):
            nn.init.normal_(self.attn.in_proj.weight, std=width ** -0.5)
            nn.init.normal_(self.attn.out_proj.weight, std=width ** -0.5 * (2 * layers) ** -0.5)
            nn.init.normal_(self.c_fc.weight, std=(2 * width) ** -0.5)
            nn.init.normal_(self.c_proj.weight, std=width ** -0.5 * (2 * layers) ** -0.5)
            for linear in (self.attn.in_proj, self.attn.out_proj, self.c_fc, self.c_proj):
                nn.init.normal_(linear.bias, std=0.01)

    class VisionTransformer(nn.Module):
        def __init__(self, resolution, patch, width, layers, heads, embedding):
            super().__init__()
            scale = width ** -0.5
            self.conv1 = nn.Conv2d(3, width, patch, patch, bias=False)
            self.class_embedding = nn.Parameter(scale * torch.randn(width))
            self.positional_embedding = nn.Parameter(scale * torch.randn((resolution // patch) ** 2 + 1, width))
            self.ln_pre = nn.LayerNorm(width)
            self.resblocks = nn.ModuleList([Block(width, heads, False) for _ in range(layers)])
            self.ln_post = nn.LayerNorm(width)
            self.proj = nn.Parameter(scale * torch.randn(width, embedding))
            for block in self.resblocks:
                block.initialise(width, layers)

        def forward(self, pixels):  # [B,3,R,R] f32 -> [B,E] f32, norm 1
            x = self.conv1(pixels.to(self.proj.dtype)).flatten(2).transpose(1, 2)  # [B,T-1,D]
            x = torch.cat([self.class_embedding.expand(x.shape[0], 1, -1), x], 1)  # [B,T,D]
            x = self.ln_pre(x + self.positional_embedding)
            for block in self.resblocks:
                x = block(x)
            x = self.ln_post(x[:, 0]) @ self.proj  # [B,E]
            return F.normalize(x.float(), dim=-1)

    class TextTransformer(nn.Module):
        def __init__(self, context, vocabulary, width, layers, heads, embedding):
            super().__init__()
            self.token_embedding = nn.Embedding(vocabulary, width)
            self.positional_embedding = nn.Parameter(0.01 * torch.randn(context, width))
            self.resblocks = nn.ModuleList([Block(width, heads, True) for _ in range(layers)])
            self.ln_final = nn.LayerNorm(width)
            self.text_projection = nn.Parameter(width ** -0.5 * torch.randn(width, embedding))
            nn.init.normal_(self.token_embedding.weight, std=0.02)
            for block in self.resblocks:
                block.initialise(width, layers)

        def forward(self, tokens):  # [B,T] int32 -> [B,E] f32, norm 1
            x = self.token_embedding(tokens) + self.positional_embedding[: tokens.shape[1]]  # [B,T,D]
            for block in self.resblocks:
                x = block(x)
            rows = torch.arange(x.shape[0], device=x.device)
            x = self.ln_final(x[rows, tokens.argmax(-1)]) @ self.text_projection  # [B,E]
            return F.normalize(x.float(), dim=-1)

    return VisionTransformer, TextTransformer


class Tower:
    """One tower in one precision on the device, with its inputs."""

    def __init__(self, torch, name, precision, device):
        self.torch = torch
        self.name = name
        self.precision = precision
        self.device = device
        self.text = name in TEXT_TOWERS
        self.dtype = {"f32": torch.float32, "f16": torch.float16, "bf16": torch.bfloat16}[precision]
        vision, text = build_modules(torch)
        torch.manual_seed(1)
        with torch.device(device):
            self.model = text(*TEXT_TOWERS[name][:-1]) if self.text else vision(*IMAGE_TOWERS[name])
        self.model.eval().requires_grad_(False)
        self.probe = self.input(2).to(device)
        # The rounded weights in f32; only the patches' convolution may use tf32, which is as fine as f16.
        self.model.to(self.dtype).to(torch.float32)
        with torch.no_grad():
            self.expected = self.model(self.probe)
        self.model.to(self.dtype)

    @property
    def embedding(self):
        return TEXT_TOWERS[self.name][5] if self.text else IMAGE_TOWERS[self.name][5]

    def input(self, batch):
        """On the host: f32 [B,3,R,R], or int32 [B,T] with the largest token last."""
        torch = self.torch
        generator = torch.Generator().manual_seed(batch)
        if self.text:
            vocabulary, tokens = TEXT_TOWERS[self.name][1], TEXT_TOWERS[self.name][6]
            ids = torch.randint(1, vocabulary - 2, (batch, tokens), generator=generator, dtype=torch.int32)
            ids[:, 0] = vocabulary - 2
            ids[:, -1] = vocabulary - 1
            return ids
        resolution = IMAGE_TOWERS[self.name][0]
        return torch.randn(batch, 3, resolution, resolution, generator=generator)

    def device_input(self, batch):
        """Drawn on the host for few items only, as that takes long for many."""
        torch = self.torch
        if self.text or batch <= 2:
            return self.input(batch).to(self.device)
        generator = torch.Generator(self.device).manual_seed(batch)
        resolution = IMAGE_TOWERS[self.name][0]
        return torch.randn(batch, 3, resolution, resolution, generator=generator, device=self.device)

    def error(self, embeddings):
        """The largest row's, relative to the norm, which is 1; embeddings of probe, or of its first item."""
        worst = (embeddings.float() - self.expected[:embeddings.shape[0]]).norm(dim=-1).max().item()
        if not worst <= TOLERANCE[self.precision]:
            raise RuntimeError(f"wrong answer: relative error={worst:.2e} limit={TOLERANCE[self.precision]:.0e}")
        return worst

    def flops(self):
        """Of matrix products, for one item, the whole last block included."""
        if self.text:
            _, _, width, layers, _, embedding, tokens = TEXT_TOWERS[self.name]
            patches = 0
        else:
            resolution, patch, width, layers, _, embedding = IMAGE_TOWERS[self.name]
            grid = (resolution // patch) ** 2
            tokens = grid + 1
            patches = 2 * grid * 3 * patch * patch * width
        return patches + layers * (24 * tokens * width * width + 4 * tokens * tokens * width) + 2 * width * embedding
