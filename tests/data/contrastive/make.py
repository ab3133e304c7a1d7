"""Writes critics.txt and info_nce.txt beside this file; see tests/data/README.md."""
import math
import os

import torch
import torch.nn.functional as F

torch.manual_seed(7)
torch.set_default_dtype(torch.float64)
HERE = os.path.dirname(os.path.abspath(__file__))


def write(file, name, array):
    array = array.detach()
    extents = " ".join(str(n) for n in array.shape)
    values = " ".join("%.17g" % v for v in array.reshape(-1).tolist())
    file.write(f"{name} {array.dim()} {extents} {values}\n")


# Similarities of two maps (C, H, W), over the whole map and, as in the original program, along dim=1 only.
CRITICS = {
    "mse": lambda x, y: -F.mse_loss(x, y),
    "l1": lambda x, y: -F.l1_loss(x, y),
    "euclidean": lambda x, y: -F.mse_loss(x, y).sqrt(),
    "l3": lambda x, y: -(x - y).abs().pow(3).mean().pow(1 / 3),
    "linf": lambda x, y: -(x - y).abs().max(),
    "huber": lambda x, y: -(1 + (x - y) ** 2).sqrt().mean(),
    "correlation": lambda x, y: (x * y).mean(),
    "soft_correlation": lambda x, y: F.softplus(x * y, threshold=1000).mean(),
    "cosine": lambda x, y: F.cosine_similarity(x.reshape(-1), y.reshape(-1), dim=0),
    "angular": lambda x, y: 1 - torch.acos(F.cosine_similarity(x.reshape(-1), y.reshape(-1), dim=0)) / math.pi,
    "rowwise_euclidean": lambda x, y: -torch.norm(x - y, p=2, dim=1).mean(),
    "rowwise_l1": lambda x, y: -torch.norm(x - y, p=1, dim=1).mean(),
    "rowwise_l3": lambda x, y: -torch.norm(x - y, p=3, dim=1).mean(),
    "rowwise_linf": lambda x, y: -torch.norm(x - y, p=math.inf, dim=1).mean(),
    "rowwise_cosine": lambda x, y: F.cosine_similarity(x, y, dim=1, eps=1e-8).mean(),
}


def similarity_matrix(critic, points):
    return torch.stack([torch.stack([critic(x, y) for y in points]) for x in points])


def two_modalities(critic, modalities, temperature):
    """Cross-entropy over every point but the anchor itself, the class being its counterpart."""
    points = torch.cat(modalities)
    samples = len(modalities[0])
    logits = similarity_matrix(critic, points) / temperature
    logits = logits.masked_fill(torch.eye(len(points), dtype=torch.bool), -math.inf)
    return F.cross_entropy(logits, (torch.arange(2 * samples) + samples) % (2 * samples))


def many_modalities(critic, modalities, temperature):
    samples, terms = len(modalities[0]), []
    for n in range(samples):
        others = [other[k] for other in modalities for k in range(samples) if k != n]
        for m, anchors in enumerate(modalities):
            negatives = torch.stack([critic(anchors[n], other) for other in others]) / temperature
            for p, positives in enumerate(modalities):
                if p != m:
                    positive = critic(anchors[n], positives[n]) / temperature
                    terms.append(torch.logsumexp(torch.cat([positive[None], negatives]), 0) - positive)
    return torch.stack(terms).mean()


with open(os.path.join(HERE, "critics.txt"), "w") as file:
    file.write("# PyTorch " + torch.__version__ + ", made by make.py\n")
    points = torch.randn(5, 2, 5, 7)
    write(file, "points", points)
    weights = torch.randn(5, 5).triu(1)
    weights = weights + weights.T
    write(file, "weights", weights)
    for name, critic in CRITICS.items():
        leaf = points.clone().requires_grad_()
        s = {(i, j): critic(leaf[i], leaf[j]) for i in range(5) for j in range(i + 1, 5)}
        sum(weights[i, j] * value for (i, j), value in s.items()).backward()
        matrix = torch.zeros(5, 5)
        for (i, j), value in s.items():
            matrix[i, j] = matrix[j, i] = value.detach()
        write(file, name, matrix)
        write(file, "d" + name, leaf.grad)

with open(os.path.join(HERE, "info_nce.txt"), "w") as file:
    file.write("# PyTorch " + torch.__version__ + ", made by make.py\n")
    # Counterparts resemble each other, so that the loss is neither at its start nor at its end.
    base = torch.randn(4, 2, 3, 6)
    modalities = torch.stack([base + 0.7 * torch.randn(4, 2, 3, 6) for _ in range(3)])
    write(file, "modalities", modalities)
    for name, loss, count, critic, temperature in [
        ("mse_2", two_modalities, 2, "mse", 0.5),
        ("cosine_2", two_modalities, 2, "cosine", 0.1),
        ("rowwise_euclidean_2", two_modalities, 2, "rowwise_euclidean", 0.5),
        ("mse_2_many", many_modalities, 2, "mse", 0.5),
        ("mse_3", many_modalities, 3, "mse", 0.5),
        ("linf_3", many_modalities, 3, "linf", 0.2),
    ]:
        leaves = [m.clone().requires_grad_() for m in modalities[:count]]
        value = loss(CRITICS[critic], leaves, temperature)
        value.backward()
        write(file, name, value)
        write(file, "d" + name, torch.stack([leaf.grad for leaf in leaves]))
