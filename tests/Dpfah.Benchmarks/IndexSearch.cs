namespace Dpfah.Benchmarks;

/// <summary>One way to search, the same for all sides of a comparison.</summary>
/// <param name="K">Neighbors wanted; of no matter with a radius.</param>
/// <param name="Radius">Greatest distance in bits; null for the K nearest.</param>
/// <param name="Batch">Queries given together.</param>
/// <param name="Queries">Queries of a pass.</param>
/// <param name="Threads">Threads that share a batch.</param>
internal sealed record IndexSearch(int K, int? Radius, int Batch, int Queries, int Threads = 1)
{
    public string What => Radius is null ? $"k = {K}" : $"radius {Radius}";
}
