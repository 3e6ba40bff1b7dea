using Dpfah.Api.Hosting;
using Dpfah.Engine.Evaluations;
using Dpfah.Learning.Datasets;
using Dpfah.Learning.Imaging;

namespace Dpfah.Api.Evaluations;

/// <summary>Opens data sets for evaluations, with the queries of their splits.</summary>
/// <param name="options">The service's settings.</param>
internal sealed class DatasetReader(ServiceOptions options) : IDatasetReader
{
    private readonly PreviewMaker maker = new(ImageDecoders.Create(options.Decoder));

    /// <inheritdoc/>
    public DatasetPictures Open(string dataset, string? path, DatasetSplit? split)
    {
        DatasetEntry entry = DatasetCatalogue.All.FirstOrDefault(known => known.Name == dataset && dataset != CollectionFolder.Name)
            ?? throw new InvalidDataException(
                $"There is no data set '{dataset}'. There are: {string.Join(", ", DatasetCatalogue.All.Select(known => known.Name).Where(name => name != CollectionFolder.Name))}.");
        string splitFolder = Directory.CreateTempSubdirectory("dpfah-split-").FullName;
        try
        {
            SplitManifest manifest = entry.OpenSplit(splitFolder, PathOf(path), split is null ? null : RuleOf(entry.Protocol.Rule, split));
            Dataset pictures = manifest.Dataset;
            return new DatasetPictures(
                entry.Title,
                manifest.Counts.Query == 0 ? [] : Pictures(manifest.OpenQueries($"evaluation of a model on {dataset}")),
                Pictures(manifest.OpenDatabase()),
                number => maker.Make(pictures.Pictures.Read((int)number)).Jpeg,
                manifest.Warnings);
        }
        catch (ArgumentException error)
        {
            // Without the name that it has in our code.
            throw new InvalidDataException(error.Message.Replace($" (Parameter '{error.ParamName}')", "", StringComparison.Ordinal), error);
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            throw new InvalidDataException(error.Message, error);
        }
        finally
        {
            Directory.Delete(splitFolder, recursive: true);
        }
    }

    private static SplitRule RuleOf(SplitRule usual, DatasetSplit split) => new()
    {
        QueriesPerClass = split.QueriesPerClass ?? usual.QueriesPerClass,
        TrainPerClass = split.TrainPerClass ?? usual.TrainPerClass,
        DatabaseIncludesTrain = split.DatabaseIncludesTrain ?? usual.DatabaseIncludesTrain,
        Seed = split.Seed ?? usual.Seed,
    };

    private static EvaluatedPicture[] Pictures(PictureSet set) =>
        [.. Enumerable.Range(0, set.Count).Select(i => new EvaluatedPicture(set.IndexOf(i), set.NameOf(i), [.. set.LabelsOf(i).Select(c => set.ClassNames[c])]))];

    /// <summary>The folder of a data set: below that of the setting, and nowhere else.</summary>
    private string? PathOf(string? path)
    {
        if (path is null)
        {
            return null;
        }

        string root = Path.GetFullPath(options.DatasetFolder is { Length: > 0 } folder ? folder : Path.Combine(options.DataFolder, "datasets"));
        string full = Path.GetFullPath(Path.Combine(root, path));
        return full.StartsWith(root + Path.DirectorySeparatorChar, StringComparison.Ordinal)
            ? full
            : throw new InvalidDataException($"'path' is a folder below the setting Dpfah:DatasetFolder; '{path}' leads out of it.");
    }
}
