namespace Dpfah.Learning.Figures;

/// <summary>How well the classes are apart in a scatter of points.</summary>
public static class NeighbourPurity
{
    /// <summary>The mean share of a point's k nearest points that have its label.</summary>
    /// <param name="points">More than <paramref name="k"/> points.</param>
    /// <param name="labels">The class of each.</param>
    /// <param name="k">Neighbours, at least 1; the point itself is none. Ties in order of the points.</param>
    /// <returns>In [0, 1]; where classes are mixed, the share of a class among the points.</returns>
    /// <exception cref="ArgumentException">The counts differ, or there are too few points.</exception>
    public static double Of(IReadOnlyList<ScatterPoint> points, IReadOnlyList<int> labels, int k)
    {
        ArgumentNullException.ThrowIfNull(points);
        ArgumentNullException.ThrowIfNull(labels);
        ArgumentOutOfRangeException.ThrowIfLessThan(k, 1);
        if (points.Count != labels.Count || points.Count <= k)
        {
            throw new ArgumentException($"{points.Count} points with {labels.Count} labels have no {k} neighbours each.", nameof(points));
        }

        long same = 0;
        for (int i = 0; i < points.Count; i++)
        {
            same += Enumerable.Range(0, points.Count)
                .Where(j => j != i)
                .OrderBy(j => SquaredDistance(points[i], points[j]))
                .Take(k)
                .Count(j => labels[j] == labels[i]);
        }

        return same / ((double)k * points.Count);
    }

    private static double SquaredDistance(ScatterPoint a, ScatterPoint b) => ((a.X - b.X) * (a.X - b.X)) + ((a.Y - b.Y) * (a.Y - b.Y));
}
