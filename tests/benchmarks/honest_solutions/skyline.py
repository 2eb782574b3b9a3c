import heapq


def solve(data):
    buildings = sorted(data["buildings"])
    area, before, alive = 0, 0, []
    edges = sorted({edge for left, right, _ in buildings for edge in (left, right)})
    coming = 0
    for edge in edges:
        while alive and alive[0][1] <= before:
            heapq.heappop(alive)
        if alive:
            area += (edge - before) * -alive[0][0]
        while coming < len(buildings) and buildings[coming][0] == edge:
            heapq.heappush(alive, (-buildings[coming][2], buildings[coming][1]))
            coming += 1
        while alive and alive[0][1] <= edge:
            heapq.heappop(alive)
        before = edge
    return area
