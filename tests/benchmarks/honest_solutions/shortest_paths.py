import numpy as np


def solve(data):
    nodes, far = data["nodes"], 10**9
    distance = np.full((nodes, nodes), far, dtype=np.int64)
    np.fill_diagonal(distance, 0)
    for start, end, length in data["edges"]:
        distance[start, end] = min(distance[start, end], length)
    for middle in range(nodes):
        np.minimum(distance, distance[:, middle : middle + 1] + distance[middle], out=distance)
    return int(distance[distance < far].sum())
