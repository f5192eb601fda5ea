"""Images per second of the same training step in PyTorch (channels_last), and the peak of the process's memory in bytes:
for test/bench/step.ts and bench/memory/main.ts.

python3 torch_step.py SIZE CHANNELS MULTIPLIERS ATTENTION BATCH THREADS STEPS     (torch)
"""

import resource
import sys
import time
from pathlib import Path

import torch

sys.path.insert(0, str(Path(__file__).parents[1] / "fixtures"))
import unet

numbers = lambda text: tuple(int(part) for part in text.split(",") if part)
size, channels, batch, threads, steps = (int(sys.argv[i]) for i in (1, 2, 5, 6, 7))
unet.SIZE, unet.IN, unet.BASE, unet.MULTIPLIERS, unet.ATTENTION = size, 1, channels, numbers(sys.argv[3]), numbers(sys.argv[4])
torch.set_default_dtype(torch.float32)
torch.set_num_threads(threads)

model = unet.Unet(False).to(memory_format=torch.channels_last)
average = [parameter.detach().clone() for parameter in model.parameters()]
optimizer = torch.optim.AdamW(model.parameters(), lr=1e-3, weight_decay=0.01)
images = torch.full((batch, 1, size, size), 0.5).to(memory_format=torch.channels_last)


def step():
    noise = torch.randn_like(images)
    x, target = 0.8 * images + 0.6 * noise, 0.8 * noise - 0.6 * images
    loss = torch.nn.functional.mse_loss(model(x, None), target)
    optimizer.zero_grad()
    loss.backward()
    torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)
    optimizer.step()
    for mean, parameter in zip(average, model.parameters()):
        mean.lerp_(parameter.detach(), 0.01)
    return loss.item()


for _ in range(3):
    step()
times = []
for _ in range(steps):
    started = time.perf_counter()
    step()
    times.append(time.perf_counter() - started)
print(batch / sorted(times)[len(times) // 2], resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024)
