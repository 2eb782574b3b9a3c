import numpy as np


def solve(data):
    board = np.array([[cell == "#" for cell in row] for row in data["rows"]], dtype=np.int8)
    height, width = board.shape
    for _ in range(data["generations"]):
        wide = np.pad(board, 1)
        around = -board
        for dy in range(3):
            for dx in range(3):
                around = around + wide[dy : dy + height, dx : dx + width]
        board = ((around == 3) | ((board == 1) & (around == 2))).astype(np.int8)
    return int(board.sum())
