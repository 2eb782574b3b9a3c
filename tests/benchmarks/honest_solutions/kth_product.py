def solve(data):
    rows, columns, k = data["rows"], data["columns"], data["k"]
    low, high = 1, rows * columns
    while low < high:
        middle = (low + high) // 2
        whole = min(rows, middle // columns)
        if whole * columns + sum([middle // row for row in range(whole + 1, rows + 1)]) >= k:
            high = middle
        else:
            low = middle + 1
    return low
