def solve(data):
    rows, columns, k = data["rows"], data["columns"], data["k"]
    low, high = 1, rows * columns
    while low < high:
        middle = (low + high) // 2
        if sum(min(columns, middle // row) for row in range(1, rows + 1)) >= k:
            high = middle
        else:
            low = middle + 1
    return low
