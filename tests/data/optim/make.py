"""Writes optim.txt beside this file; see tests/data/README.md."""
import os

import torch

torch.manual_seed(11)
torch.set_default_dtype(torch.float64)
HERE = os.path.dirname(os.path.abspath(__file__))
SIZE, STEPS = 37, 6


def write(file, name, array):
    array = array.detach()
    extents = " ".join(str(n) for n in array.shape)
    values = " ".join("%.17g" % v for v in array.reshape(-1).tolist())
    file.write(f"{name} {array.dim()} {extents} {values}\n")


with open(os.path.join(HERE, "optim.txt"), "w") as file:
    file.write("# PyTorch " + torch.__version__ + ", made by make.py\n")
    start, gradients = torch.randn(SIZE), torch.randn(STEPS, SIZE)
    write(file, "start", start)
    write(file, "gradients", gradients)
    for name, kind, options in [
        ("sgd", torch.optim.SGD, dict(lr=0.1)),
        ("sgd_momentum", torch.optim.SGD, dict(lr=0.1, momentum=0.9)),
        ("sgd_decay", torch.optim.SGD, dict(lr=0.1, momentum=0.9, weight_decay=0.05)),
        ("sgd_nesterov", torch.optim.SGD, dict(lr=0.1, momentum=0.9, weight_decay=0.05, nesterov=True)),
        ("adam", torch.optim.Adam, dict(lr=0.02)),
        ("adam_decay", torch.optim.Adam, dict(lr=0.02, betas=(0.8, 0.95), eps=1e-3, weight_decay=0.1)),
        ("adam_decoupled", torch.optim.AdamW, dict(lr=0.02, weight_decay=0.1)),
    ]:
        parameters = start.clone().requires_grad_()
        optimizer = kind([parameters], **options)
        trajectory = []
        for gradient in gradients:
            parameters.grad = gradient.clone()
            optimizer.step()
            trajectory.append(parameters.detach().clone())
        write(file, name, torch.stack(trajectory))

    for name, limit in [("clipped", 1.5), ("unclipped", 100.0)]:
        parameters = start.clone().requires_grad_()
        parameters.grad = gradients[0].clone()
        norm = torch.nn.utils.clip_grad_norm_([parameters], limit)
        write(file, name, parameters.grad)
        write(file, name + "_norm", norm)

    optimizer = torch.optim.SGD([start.clone().requires_grad_()], lr=0.1)
    schedule = torch.optim.lr_scheduler.CosineAnnealingLR(optimizer, T_max=STEPS, eta_min=0.01)
    rates = []
    for _ in range(STEPS):
        rates.append(schedule.get_last_lr()[0])
        optimizer.step()
        schedule.step()
    write(file, "cosine_rates", torch.tensor(rates))
