"""The training step of bench/gpu in PyTorch, compiled: step.py SIZE CHANNELS MULTIPLIERS ATTENTION BATCH STEPS MODE DEVICE

MODE is bf16 (autocast) or tf32, DEVICE cuda or cpu. Prints what bench/gpu/result.ts reads. The network is that of test/fixtures/unet.py,
which is equal to ours; AdamW, clipping of the gradient's norm and the average of the weights as in the trainer.
"""

import json
import sys
import time
from pathlib import Path

import torch

sys.path.insert(0, str(Path(__file__).parents[2] / "test" / "fixtures"))
import unet

numbers = lambda text: tuple(int(part) for part in text.split(",") if part)
size, channels, batch, steps = (int(sys.argv[i]) for i in (1, 2, 5, 6))
mode, device = sys.argv[7:9]
unet.SIZE, unet.IN, unet.BASE, unet.MULTIPLIERS, unet.ATTENTION = size, 3, channels, numbers(sys.argv[3]), numbers(sys.argv[4])
torch.set_default_dtype(torch.float32)
torch.set_float32_matmul_precision("high")
torch.backends.cudnn.allow_tf32 = True
torch.backends.cudnn.benchmark = True


class Network(unet.Unet):
    """torch.compile writes the names of modules into Python, where "in" is a keyword."""

    def __init__(self):
        super().__init__(False)
        self.first = self._modules.pop("in")

    def get_submodule(self, name):
        return self.first if name == "in" else super().get_submodule(name)


began = time.perf_counter()
model = Network().to(device, memory_format=torch.channels_last)
average = [parameter.detach().clone() for parameter in model.parameters()]
optimizer = torch.optim.AdamW(model.parameters(), lr=1e-3, weight_decay=0.01)
compiled = torch.compile(model)
images = torch.full((batch, 3, size, size), 0.5, device=device).to(memory_format=torch.channels_last)


def step():
    noise = torch.randn_like(images)
    x, target = 0.8 * images + 0.6 * noise, 0.8 * noise - 0.6 * images
    with torch.autocast(device, torch.bfloat16, enabled=mode == "bf16"):
        output = compiled(x, None)
    loss = torch.nn.functional.mse_loss(output.float(), target)
    optimizer.zero_grad()
    loss.backward()
    torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)
    optimizer.step()
    torch._foreach_lerp_(average, [parameter.detach() for parameter in model.parameters()], 0.01)
    return loss.item()


step()
start = time.perf_counter() - began
for _ in range(2):
    step()
times = []
for _ in range(steps):
    started = time.perf_counter()
    step()
    times.append(time.perf_counter() - started)
print(
    json.dumps(
        {
            "device": torch.cuda.get_device_name() if device == "cuda" else "CPU",
            "parameters": sum(parameter.numel() for parameter in model.parameters()),
            "imagesPerSecond": batch / sorted(times)[len(times) // 2],
            "startSeconds": start,
            "memoryBytes": torch.cuda.max_memory_reserved() if device == "cuda" else None,
        }
    )
)
