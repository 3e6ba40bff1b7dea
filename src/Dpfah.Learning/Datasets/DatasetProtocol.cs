namespace Dpfah.Learning.Datasets;

/// <summary>How a data set is used by default: the paper's protocol where it has one (method, sections 5.1, 7.1 and 8).</summary>
/// <param name="Rule">How it is split when no split comes with it.</param>
/// <param name="Counts">Sizes of the parts; null when they depend on the pictures.</param>
/// <param name="MapCut">k of mAP@k; null for the whole ranking.</param>
/// <param name="CropAndFlip">Whether training pictures are cropped and mirrored at random by default.</param>
public sealed record DatasetProtocol(SplitRule Rule, SplitCounts? Counts, int? MapCut, bool CropAndFlip);
