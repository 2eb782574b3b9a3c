def solve(data):
    size = data["size"]
    free = [(1 << size) - 1 for _ in range(size)]
    for row, column in data["blocked"]:
        free[row] &= ~(1 << column)

    def count(row, columns, left, right):
        if row == size:
            return 1
        total = 0
        places = free[row] & ~(columns | left | right)
        while places:
            place = places & -places
            places ^= place
            total += count(row + 1, columns | place, (left | place) << 1, (right | place) >> 1)
        return total

    return count(0, 0, 0, 0)
