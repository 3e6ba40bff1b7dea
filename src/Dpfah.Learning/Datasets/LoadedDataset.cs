namespace Dpfah.Learning.Datasets;

/// <summary>What a loader found.</summary>
/// <param name="Dataset">The pictures and their classes.</param>
/// <param name="Split">The split that comes with the data set; null when it is to be made by <see cref="DatasetEntry.MakeSplit"/>.</param>
/// <param name="Warnings">What a person should know, as sentences: files left out, counts that differ from the published ones.</param>
public sealed record LoadedDataset(Dataset Dataset, Split? Split, IReadOnlyList<string> Warnings);
