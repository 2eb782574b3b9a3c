def solve(data):
    nodes, far = data["nodes"], 10**9
    distance = [[0 if i == j else far for j in range(nodes)] for i in range(nodes)]
    for start, end, length in data["edges"]:
        distance[start][end] = min(distance[start][end], length)
    for middle in range(nodes):
        for i in range(nodes):
            for j in range(nodes):
                by_way = distance[i][middle] + distance[middle][j]
                if by_way < distance[i][j]:
                    distance[i][j] = by_way
    return sum(length for row in distance for length in row if length < far)
