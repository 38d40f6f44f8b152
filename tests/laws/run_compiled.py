"""Run compiled programs in a process of their own: `python run_compiled.py JOBS ANSWERS`.

A job is a folder, its module and numbers for circuits; nothing but the folder is on the path.
"""

import importlib
import json
import sys
import traceback

import torch
from safetensors.torch import load_file


def run_circuit(module, job):
    """Values, and the derivative along a direction, of one circuit on given numbers."""
    answers = {}
    for precision in (torch.float32, torch.float64):
        net = getattr(module, job["class"])().to(precision)
        state = {k: torch.tensor(v, dtype=precision) for k, v in job["parameters"].items()}
        net.load_state_dict(state)
        inputs = [torch.tensor(v, dtype=precision) for v in job["inputs"].values()]
        for tensor in inputs:
            tensor.requires_grad_()
        results = as_tuple(net(*inputs))
        answers[str(precision)] = [numbers(r) for r in results]
    answers["slope"] = slope(net, inputs, results, job)
    return answers


def slope(net, inputs, results, job):
    """The derivative of the results, weighted, along the direction in `job`."""
    total = sum(
        (part.double() * torch.tensor(w)).sum()
        for result, weight in zip(results, job["weights"], strict=True)
        for part, w in zip(parts(result), weight, strict=True)
    )
    leaves = dict(zip(job["inputs"], inputs, strict=True)) | dict(net.named_parameters())
    if not total.requires_grad:
        return 0.0
    found = torch.autograd.grad(total, list(leaves.values()), allow_unused=True)
    return float(
        sum(
            (g * torch.tensor(job["direction"][name])).sum()
            for name, g in zip(leaves, found, strict=True)
            if g is not None
        )
    )


def run_model(module, job):
    """What each circuit inside a model was given and made, example by example."""
    torch.manual_seed(0)
    net = getattr(module, job["class"])().double().eval()
    if "state" in job:
        net.load_state_dict(load_file(job["state"]))
    seen = []

    def watch(path):
        def hook(circuit, given, made):
            seen.append(
                {
                    "path": path,
                    "class": type(circuit).__name__,
                    "inputs": [numbers(v)[0] for v in given],
                    "results": [numbers(r) for r in as_tuple(made)],
                    "parameters": circuit.parameter_values(),
                }
            )

        return hook

    for path, part in net.named_modules():
        if hasattr(part, "circuit_ir"):
            part.register_forward_hook(watch(path))
    inputs = [torch.tensor(v, dtype=torch.float64) for v in job["inputs"].values()]
    made, calls = as_tuple(net(*inputs)), seen.copy()
    leaves = [v.requires_grad_() for v in inputs]

    def run(*values):
        return torch.cat([r.reshape(-1) for r in as_tuple(net(*values))])

    checked = torch.autograd.gradcheck(run, leaves, raise_exception=False)
    return {
        "seen": list(calls),
        "finite": all(bool(torch.isfinite(m).all()) for m in made),
        "shapes": [list(m.shape) for m in made],
        "gradient": checked,
    }


def as_tuple(results):
    return tuple(results) if isinstance(results, tuple) else (results,)


def parts(tensor):
    return (tensor.real, tensor.imag) if tensor.is_complex() else (tensor,)


def numbers(tensor):
    return [part.detach().tolist() for part in parts(torch.as_tensor(tensor))]


def run_folder(folder):
    module = importlib.import_module(folder["module"])
    return {
        "circuits": [run_circuit(module, job) for job in folder["circuits"]],
        "models": [run_model(module, job) for job in folder["models"]],
    }


def main(jobs, answers):
    found = []
    for folder in json.load(open(jobs)):
        sys.path[0] = folder["path"]
        try:
            found.append(run_folder(folder))
        except Exception:
            found.append({"error": traceback.format_exc()})
    json.dump(found, open(answers, "w"))


if __name__ == "__main__":
    main(*sys.argv[1:])
