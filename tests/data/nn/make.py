"""Writes the text files beside this one: layers and small dense U-Nets in double."""
import pathlib

import torch
from torch import nn

folder = pathlib.Path(__file__).parent
torch.set_default_dtype(torch.float64)
torch.set_num_threads(1)


def uniform(*shape, low=-1.0, high=1.0, digits=4):
    """Short decimals: the file stays small, and a reader gets the very same doubles."""
    return torch.round(torch.empty(shape).uniform_(low, high), decimals=digits)


class writer:
    def __init__(self, name, comment):
        self.file = open(folder / name, "w")
        self.file.write(f"# {comment}, PyTorch {torch.__version__}, double; written by make.py\n")

    def put(self, name, tensor):
        values = tensor.detach().contiguous()
        fields = [name, values.dim(), *values.shape, *(repr(v) for v in values.flatten().tolist())]
        self.file.write(" ".join(str(f) for f in fields) + "\n")


class dense_layer(nn.Module):
    def __init__(self, channels, growth):
        super().__init__()
        self.batchnorm = nn.BatchNorm2d(channels)
        self.conv = nn.Conv2d(channels, growth, 3, padding=1)

    def forward(self, x):
        return self.conv(torch.relu(self.batchnorm(x)))


class dense_block(nn.Module):
    """The input followed by what each layer adds; the added channels alone with keep_input=False."""

    def __init__(self, channels, count, growth, keep_input):
        super().__init__()
        self.first_kept = 0 if keep_input else channels
        self.layers = nn.ModuleList(dense_layer(channels + i * growth, growth) for i in range(count))

    def forward(self, x):
        for layer in self.layers:
            x = torch.cat([x, layer(x)], dim=1)
        return x[:, self.first_kept :]


def blur_pool(x):
    """The largest of each 2x2 window at strides of one, then a binomial 3x3 at strides of two."""
    kernel = torch.tensor([[1.0, 2.0, 1.0], [2.0, 4.0, 2.0], [1.0, 2.0, 1.0]]) / 16
    kernel = kernel.expand(x.shape[1], 1, 3, 3)
    largest = nn.functional.max_pool2d(x, 2, stride=1)
    return nn.functional.conv2d(largest, kernel, padding=1, stride=2, groups=x.shape[1])


poolings = {
    "max": lambda x: nn.functional.max_pool2d(x, 2),
    "average": lambda x: nn.functional.avg_pool2d(x, 2),
    "blur": blur_pool,
}


class transition_down(nn.Module):
    def __init__(self, channels, kept, pooling):
        super().__init__()
        self.batchnorm = nn.BatchNorm2d(channels)
        self.conv = nn.Conv2d(channels, kept, 1)
        self.pool = poolings[pooling]

    def forward(self, x):
        return self.pool(self.conv(torch.relu(self.batchnorm(x))))


class cropped_transpose(nn.ConvTranspose2d):
    """Its output is one row and one column larger than twice the input; the crop to the skip's extent cuts the last."""

    def forward(self, x):
        return super().forward(x)[:, :, :-1, :-1]


class transition_up(nn.Module):
    def __init__(self, channels, upsampling):
        super().__init__()
        if upsampling == "nearest":
            parts = [nn.UpsamplingNearest2d(scale_factor=2), nn.Conv2d(channels, channels, 3, padding=1), nn.ReLU()]
        elif upsampling == "transposed":
            parts = [cropped_transpose(channels, channels, 3, stride=2), nn.ReLU()]
        else:
            parts = [nn.Conv2d(channels, 4 * channels, 3, padding=1), nn.ReLU(), nn.PixelShuffle(2)]
        self.upsampling_layer = nn.Sequential(*parts)

    def forward(self, x):
        return self.upsampling_layer(x)


class dense_unet(nn.Module):
    def __init__(self, inputs, outputs, first, blocks, bottleneck, growth, compression, pooling="max",
                 upsampling="nearest", early_transition=False):
        super().__init__()
        self.early_transition = early_transition
        self.conv_init = nn.Conv2d(inputs, first, 3, padding=1)
        self.layers_down, self.transitions_down = nn.ModuleList(), nn.ModuleList()
        self.transitions_up, self.layers_up = nn.ModuleList(), nn.ModuleList()
        channels, skips = first, []
        if early_transition:
            self.early_transition_down = transition_down(channels, int(channels * compression), pooling)
            channels = int(channels * compression)
        for count in blocks:
            self.layers_down.append(dense_block(channels, count, growth, True))
            channels += count * growth
            skips.append(channels)
            self.transitions_down.append(transition_down(channels, int(channels * compression), pooling))
            channels = int(channels * compression)
        self.bottleneck = dense_block(channels, bottleneck, growth, False)
        channels = bottleneck * growth
        for level in reversed(range(len(blocks))):
            self.transitions_up.append(transition_up(channels, upsampling))
            merged, added = skips[level] + channels, blocks[level] * growth
            self.layers_up.append(dense_block(merged, blocks[level], growth, level == 0))
            channels = merged + added if level == 0 else added
        if early_transition:
            self.early_transition_up = transition_up(channels, upsampling)
            channels += first
        self.final_conv = nn.Conv2d(channels, outputs, 1, bias=False)

    def forward(self, x):
        x, skips = self.conv_init(x), []
        early = x
        if self.early_transition:
            x = self.early_transition_down(x)
        for block, transition in zip(self.layers_down, self.transitions_down):
            skips.append(block(x))
            x = transition(skips[-1])
        x = self.bottleneck(x)
        for transition, block in zip(self.transitions_up, self.layers_up):
            x = block(torch.cat([skips.pop(), transition(x)], dim=1))
        if self.early_transition:
            x = torch.cat([early, self.early_transition_up(x)], dim=1)
        return self.final_conv(x)

    def ordered_names(self):
        """Parameter names along the data's way: down blocks and their transitions alternate, as on the way up."""
        levels = range(len(self.layers_down))
        parts = ["conv_init", "early_transition_down"]
        parts += [f"{part}.{i}" for i in levels for part in ("layers_down", "transitions_down")]
        parts += ["bottleneck"]
        parts += [f"{part}.{i}" for i in levels for part in ("transitions_up", "layers_up")]
        parts += ["early_transition_up", "final_conv"]
        names = [name for name, _ in self.named_parameters()]
        ordered = [name for part in parts for name in names if name.startswith(part + ".")]
        assert sorted(ordered) == sorted(names)
        return ordered


def randomise(module):
    """Parameters that a test cannot mistake for the defaults; convolutions keep their usual magnitude."""
    for part in module.modules():
        if isinstance(part, (nn.Conv2d, nn.ConvTranspose2d)):
            bound = part.weight[0].numel() ** -0.5
            for parameter in (part.weight, part.bias):
                if parameter is not None:
                    parameter.data = uniform(*parameter.shape, low=-2 * bound, high=2 * bound)
        elif isinstance(part, nn.BatchNorm2d):
            part.weight.data = uniform(part.num_features, low=0.5, high=1.5)
            part.bias.data = uniform(part.num_features, low=-0.5, high=0.5)


def statistics(module, out, prefix=""):
    for name, buffer in module.named_buffers():
        if name.endswith(("running_mean", "running_var")):
            out.put(prefix + name, buffer)


def network(file, title, seed, shape, **config):
    torch.manual_seed(seed)
    net = dense_unet(inputs=shape[1], **config)
    randomise(net)
    out = writer(file, title)
    x = uniform(*shape).requires_grad_()
    out.put("x", x)
    names, parameters = net.ordered_names(), dict(net.named_parameters())
    for name in names:
        out.put(name, parameters[name])
    y = net.train()(x)
    dy = uniform(*y.shape)
    (y * dy).sum().backward()
    out.put("y", y)
    out.put("dy", dy)
    out.put("grad.x", x.grad)
    for name in names:
        out.put("grad." + name, parameters[name].grad)
    statistics(net, out)
    out.put("y_eval", net.eval()(x))


def single_layer(out, name, layer, *shape, x=None):
    """One layer in training mode; batch norms also in inference mode with the statistics that this step left."""
    x = (uniform(*shape) if x is None else x).requires_grad_()
    y = layer(x)
    dy = uniform(*y.shape)
    (y * dy).sum().backward()
    out.put(f"{name}.x", x)
    parameters = dict(layer.named_parameters()) if isinstance(layer, nn.Module) else {}
    for key, value in parameters.items():
        out.put(f"{name}.{key}", value)
    out.put(f"{name}.y", y)
    out.put(f"{name}.dy", dy)
    out.put(f"{name}.dx", x.grad)
    for key, value in parameters.items():
        path, dot, leaf = key.rpartition(".")
        out.put(f"{name}.{path}{dot}d{leaf}", value.grad)
    if isinstance(layer, nn.Module) and any(isinstance(m, nn.BatchNorm2d) for m in layer.modules()):
        statistics(layer, out, name + ".")
        out.put(f"{name}.y_eval", layer.eval()(x))


def random_layer(layer):
    randomise(layer)
    return layer


def layers():
    torch.manual_seed(3)
    out = writer("layers.txt", "Single layers and one dense block")
    single_layer(out, "conv3", random_layer(nn.Conv2d(5, 7, 3, padding=1)), 2, 5, 9, 13)
    single_layer(out, "conv1", random_layer(nn.Conv2d(5, 7, 1)), 2, 5, 2, 37)
    single_layer(out, "dense", random_layer(dense_block(5, 3, 4, True)), 2, 5, 5, 7)
    # Channels of very different offsets show a variance that cancels.
    offsets = torch.tensor([0.0, 3.0, -20.0, 1000.0]).view(1, 4, 1, 1)
    x = torch.round(uniform(3, 4, 5, 7) * torch.tensor([1.0, 0.1, 4.0, 0.5]).view(1, 4, 1, 1) + offsets, decimals=4)
    single_layer(out, "batch_norm", random_layer(nn.BatchNorm2d(4)), x=x)
    single_layer(out, "relu", torch.relu, 2, 3, 5, 7)
    single_layer(out, "max_pool", nn.MaxPool2d(2), 2, 3, 5, 7)
    # -1, 0 and 1 only: windows often hold their largest value more than once.
    single_layer(out, "max_pool_ties", nn.MaxPool2d(2), x=uniform(1, 2, 6, 18, digits=0) + 0.0)
    single_layer(out, "upsample", nn.UpsamplingNearest2d(scale_factor=2), 2, 3, 5, 7)


def resampling():
    torch.manual_seed(4)
    out = writer("resampling.txt", "Layers that change the resolution")
    single_layer(out, "average_pool", nn.AvgPool2d(2), 2, 3, 5, 7)
    single_layer(out, "blur_pool", blur_pool, 2, 3, 7, 9)
    single_layer(out, "blur_pool_even", blur_pool, 1, 2, 6, 2)
    # -1, 0 and 1 only: windows often hold their largest value more than once.
    single_layer(out, "blur_pool_ties", blur_pool, x=uniform(1, 2, 6, 10, digits=0) + 0.0)
    single_layer(out, "pixel_shuffle", nn.PixelShuffle(2), 2, 12, 3, 5)
    single_layer(out, "conv_transpose", random_layer(cropped_transpose(3, 4, 3, stride=2)), 2, 3, 5, 7)


def option_network(seed, shape, **options):
    """A smaller network with the options that its file's name tells."""
    parts = [options.get("pooling"), options.get("upsampling"), "early" if options.get("early_transition") else None]
    name = "_".join(part for part in parts if part) + "_mini.txt"
    config = dict(outputs=1, first=4, blocks=(1, 1), bottleneck=1, growth=2, compression=0.75)
    title = ", ".join(f"{key} {value}" for key, value in {"in": shape[1], **config, **options}.items())
    network(name, "Dense U-Net: " + title, seed, shape, **config, **options)


network("compact_mini.txt", "Dense U-Net: in 3, out 2, first 4, blocks (1, 2), bottleneck 2, growth 3, compression 1", 1,
        (2, 3, 12, 20), outputs=2, first=4, blocks=(1, 2), bottleneck=2, growth=3, compression=1.0)
network("paper_mini.txt", "Dense U-Net: in 1, out 1, first 8, blocks (2, 2, 1), bottleneck 2, growth 3, compression 0.75", 2,
        (2, 1, 16, 24), outputs=1, first=8, blocks=(2, 2, 1), bottleneck=2, growth=3, compression=0.75)
layers()
resampling()
option_network(5, (2, 2, 8, 12), pooling="average", upsampling="transposed")
option_network(6, (2, 2, 8, 12), pooling="blur", upsampling="pixel_shuffle")
option_network(7, (2, 2, 16, 16), early_transition=True)
option_network(8, (2, 2, 16, 16), pooling="blur", upsampling="transposed", early_transition=True)
