namespace Dpfah.Engine.Imports;

/// <summary>How an upload is to be imported.</summary>
/// <param name="Labels">Where the labels of an archive's pictures come from.</param>
/// <param name="Mode">What becomes of pictures that the upload lacks.</param>
/// <param name="DryRun">Whether only counts and rejections are wanted, and nothing is to be written.</param>
public sealed record ImportOptions(LabelSource Labels = LabelSource.Auto, ImportMode Mode = ImportMode.Merge, bool DryRun = false);
