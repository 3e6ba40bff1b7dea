namespace Dpfah.Engine.Training;

/// <summary>What feedback added to the pictures of a training.</summary>
/// <param name="Pairs">Pairs of query and hit that were called right and gave their hit a label.</param>
/// <param name="LabelledPictures">Training pictures that got further labels by them.</param>
/// <param name="AddedPictures">Pictures without a label to learn that became training pictures by them.</param>
internal sealed record FeedbackCounts(int Pairs, int LabelledPictures, int AddedPictures);
