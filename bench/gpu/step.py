"""The training step of bench/gpu in PyTorch, compiled: step.py '{"network":…,"tokens":…,"batchSize":…,"steps":…,"mode":…,"device":…}'

The network is diffusers', after its config.json; mode is bf16 (autocast) or tf32, device cuda or cpu. AdamW, clipping of the
gradient's norm and the average of the weights as in the trainer. Prints what bench/gpu/result.ts reads.
"""

import json
import sys
import time

import diffusers
import torch

task = json.loads(sys.argv[1])
network, batch, steps, mode, device = (task[key] for key in ("network", "batchSize", "steps", "mode", "device"))
size, channels, width = (network.get(key) for key in ("sample_size", "in_channels", "cross_attention_dim"))
torch.set_float32_matmul_precision("high")
torch.backends.cudnn.allow_tf32 = True
torch.backends.cudnn.benchmark = True

began = time.perf_counter()
model = getattr(diffusers, network.pop("_class_name")).from_config(network).to(device, memory_format=torch.channels_last)
average = [parameter.detach().clone() for parameter in model.parameters()]
optimizer = torch.optim.AdamW(model.parameters(), lr=1e-3, weight_decay=0.01)
compiled = torch.compile(model)
images = torch.full((batch, channels, size, size), 0.5, device=device).to(memory_format=torch.channels_last)
told = {"timestep": torch.full((batch,), 500, device=device)}
if width is not None:
    told["encoder_hidden_states"] = torch.full((batch, task["tokens"], width), 0.5, device=device)
if network.get("num_class_embeds") is not None:
    told["class_labels"] = torch.zeros(batch, dtype=torch.long, device=device)


def step():
    noise = torch.randn_like(images)
    x, target = 0.8 * images + 0.6 * noise, 0.8 * noise - 0.6 * images
    with torch.autocast(device, torch.bfloat16, enabled=mode == "bf16"):
        output = compiled(x, **told).sample
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
