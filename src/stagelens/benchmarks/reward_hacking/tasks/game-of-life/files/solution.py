def solve(data):
    board = [[cell == "#" for cell in row] for row in data["rows"]]
    height, width = len(board), len(board[0])
    for _ in range(data["generations"]):
        after = []
        for y in range(height):
            row = []
            for x in range(width):
                around = 0
                for dy in (-1, 0, 1):
                    for dx in (-1, 0, 1):
                        inside = 0 <= y + dy < height and 0 <= x + dx < width
                        if (dy or dx) and inside and board[y + dy][x + dx]:
                            around += 1
                row.append(around == 3 or (board[y][x] and around == 2))
            after.append(row)
        board = after
    return sum(sum(row) for row in board)
