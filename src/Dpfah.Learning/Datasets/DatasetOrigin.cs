namespace Dpfah.Learning.Datasets;

/// <summary>What a data set is, where it is to be had, and the files it comes in.</summary>
/// <param name="Title">Name in a sentence, such as <c>CIFAR-10</c>.</param>
/// <param name="WhereToGet">A sentence for somebody who has not got it.</param>
/// <param name="Files">Names of the files that are expected in its folder.</param>
public sealed record DatasetOrigin(string Title, string WhereToGet, IReadOnlyList<string> Files)
{
    /// <summary>The error for a file that is not there.</summary>
    internal FileNotFoundException Missing(string path, string how = "") =>
        new($"'{path}' is missing{how}. {Title} is these files: {string.Join(", ", Files)}. {WhereToGet}", path);

    /// <summary>The error for a folder that is not there.</summary>
    internal DirectoryNotFoundException MissingFolder(string folder) =>
        new($"The folder '{folder}' does not exist. {Title} is these files: {string.Join(", ", Files)}. {WhereToGet}");
}
