namespace Dpfah.Engine.Duplicates;

/// <summary>What a search for near duplicates is asked for.</summary>
/// <param name="Distance">Greatest Hamming distance of near codes, in bits.</param>
/// <param name="Filter">Which pictures: a filter as searches take it, as JSON text; null for all.</param>
internal sealed record DuplicatesRequest(int Distance, string? Filter);
