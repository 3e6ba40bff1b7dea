namespace Dpfah.Engine.Evaluations;

/// <summary>Reads data sets on disk. The host brings it along: the engine knows no picture formats.</summary>
public interface IDatasetReader
{
    /// <summary>Opens a data set with the split that it brings, or that is made of it by default.</summary>
    /// <param name="dataset">Its name.</param>
    /// <param name="path">Its folder, as the caller names it; null for where the data set lies by default.</param>
    /// <param name="split">How it is split; null for the split that it brings, or that its protocol makes.</param>
    /// <exception cref="InvalidDataException">It is not known, not there or damaged, or cannot be split so; the message is for the caller.</exception>
    DatasetPictures Open(string dataset, string? path, DatasetSplit? split);
}

/// <summary>How a data set is split; what is null is as its protocol has it. The same numbers as a training's give the same queries.</summary>
/// <param name="QueriesPerClass">Queries of each class.</param>
/// <param name="TrainPerClass">Training pictures of each class, which are not queries.</param>
/// <param name="DatabaseIncludesTrain">Whether the training pictures are searched in as well.</param>
/// <param name="Seed">Seed of the draw.</param>
public sealed record DatasetSplit(int? QueriesPerClass, int? TrainPerClass, bool? DatabaseIncludesTrain, ulong? Seed);

/// <summary>Pictures of a data set.</summary>
/// <param name="Title">What sentences call it.</param>
/// <param name="Queries">Pictures that are searched for.</param>
/// <param name="Database">Pictures that are searched in.</param>
/// <param name="MakePreview">The preview of a picture, as an upload's is made; by its number.</param>
/// <param name="Warnings">What a person should know, as sentences.</param>
public sealed record DatasetPictures(
    string Title,
    IReadOnlyList<EvaluatedPicture> Queries,
    IReadOnlyList<EvaluatedPicture> Database,
    Func<long, byte[]> MakePreview,
    IReadOnlyList<string> Warnings);
