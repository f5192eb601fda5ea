"""Makes the data of the benchmark, and reads them as PyTorch does: webdataset with a DataLoader.

    python reference.py make FOLDER COUNT PIXELS     tar, Parquet, zip and npy of the same pictures below FOLDER
    python reference.py read SIZE WORKERS URL...     one pass over the tar shards; URL is a path or a pipe: command
"""

import io
import json
import os
import sys
import time
import zipfile

import numpy as np
from PIL import Image

PER_SHARD = 250
ROWS = 50


def pictures(count, pixels):
    """Soft shapes with some grain, which JPEG makes of what photographs come to."""
    generator = np.random.default_rng(1)
    y, x = np.mgrid[0:pixels, 0:pixels] / pixels
    for _ in range(count):
        a, b, c, d = generator.uniform(1, 9, 4)
        waves = [np.sin(a * x + b * y + c), np.cos(b * x - d * y), np.sin(c * x * y + a)]
        image = 127 + 90 * np.stack(waves, axis=-1) + generator.normal(0, 12, (pixels, pixels, 3))
        yield image.clip(0, 255).astype("uint8")


def jpeg(image):
    stream = io.BytesIO()
    Image.fromarray(image).save(stream, "JPEG", quality=90)
    return stream.getvalue()


def make(folder, count, pixels):
    import pyarrow
    import pyarrow.parquet
    import webdataset

    for name in ["tar", "parquet"]:
        os.makedirs(os.path.join(folder, name))
    images = list(pictures(count, pixels))
    files = [jpeg(image) for image in images]
    struct = pyarrow.struct([("bytes", pyarrow.binary()), ("path", pyarrow.string())])
    for first in range(0, count, PER_SHARD):
        part = files[first : first + PER_SHARD]
        name = f"{first // PER_SHARD:06d}"
        with webdataset.TarWriter(os.path.join(folder, "tar", f"{name}.tar")) as shard:
            for i, file in enumerate(part):
                shard.write({"__key__": f"{first + i:08d}", "jpg": file, "cls": (first + i) % 10})
        rows = pyarrow.array([{"bytes": file, "path": None} for file in part], struct)
        labels = pyarrow.array([(first + i) % 10 for i in range(len(part))])
        table = pyarrow.table({"image": rows, "label": labels})
        pyarrow.parquet.write_table(table, os.path.join(folder, "parquet", f"{name}.parquet"), row_group_size=ROWS)
    with zipfile.ZipFile(os.path.join(folder, "images.zip"), "w") as archive:
        for i, file in enumerate(files):
            archive.writestr(f"{i:08d}.jpg", file)
    np.save(os.path.join(folder, "images.npy"), np.stack(images))


def read(size, workers, urls):
    import torch
    import webdataset

    def decoded(sample):
        image = Image.open(io.BytesIO(sample["jpg"])).convert("RGB")
        if image.size != (size, size):
            image = image.resize((size, size), Image.LANCZOS)
        return (torch.from_numpy(np.array(image)),)

    data = webdataset.WebDataset(urls, shardshuffle=len(urls), seed=1, empty_check=False).shuffle(1000).map(decoded)
    loader = torch.utils.data.DataLoader(data.batched(64), batch_size=None, num_workers=workers)
    began = time.perf_counter()
    count = sum(len(batch) for (batch,) in loader)
    print(json.dumps({"images": count, "seconds": time.perf_counter() - began}))


if __name__ == "__main__":
    command, *arguments = sys.argv[1:]
    if command == "make":
        make(arguments[0], int(arguments[1]), int(arguments[2]))
    else:
        read(int(arguments[0]), int(arguments[1]), arguments[2:])
