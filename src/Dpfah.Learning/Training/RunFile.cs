using System.Text.Json;
using System.Text.Json.Nodes;
using System.Text.Json.Serialization;
using Dpfah.Learning.Datasets;
using Dpfah.Learning.Models;

namespace Dpfah.Learning.Training;

/// <summary><c>run.json</c> in the folder of a run: the data set, its split and all options. Enough to repeat the run.</summary>
public sealed record RunFile
{
    /// <summary>Name of the file in the folder of a run.</summary>
    public const string FileName = "run.json";

    private static readonly JsonSerializerOptions Json = new(JsonSerializerDefaults.Web)
    {
        UnmappedMemberHandling = JsonUnmappedMemberHandling.Disallow,
        WriteIndented = true,
        RespectNullableAnnotations = true,
        RespectRequiredConstructorParameters = true,
    };

    /// <summary>Name of a <see cref="DatasetEntry"/>.</summary>
    public required string Dataset { get; init; }

    /// <summary>Folder of the data set; null for where it is by default.</summary>
    public string? Data { get; init; }

    /// <summary>Folder of the split, absolute or from that of the run.</summary>
    public string SplitFolder { get; init; } = "split";

    /// <summary>How the data set is split; null for its protocol.</summary>
    public SplitRule? Split { get; init; }

    /// <summary>Name of the model; null for one of method, data set and bits.</summary>
    public string? Name { get; init; }

    /// <summary>Folder of the model that the run starts from, absolute or from that of the run; null for none.</summary>
    public string? Parent { get; init; }

    /// <summary><c>itq</c>, <c>pca</c> or <c>lsh</c> where a hash layer is fitted without labels in place of a training; null for a training.</summary>
    public string? Fit { get; init; }

    /// <summary>What is trained, and how.</summary>
    [JsonIgnore]
    public TrainingOptions Training { get; init; } = new();

    /// <summary>Folder of the split of a run, which <see cref="DatasetEntry.OpenSplit"/> opens. What trains gets its training pictures only.</summary>
    /// <param name="folder">Folder of the run.</param>
    public string SplitFolderOf(string folder) => Path.Combine(folder, SplitFolder);

    /// <summary>The model that a run starts from; null for none.</summary>
    /// <param name="folder">Folder of the run.</param>
    /// <exception cref="InvalidDataException">The model is damaged, or cannot be gone on from.</exception>
    /// <exception cref="FileNotFoundException">There is none.</exception>
    public ParentModel? OpenParent(string folder) => Parent is null ? null : ParentModel.Open(Path.Combine(folder, Parent));

    /// <summary>The file as JSON.</summary>
    public string ToJson()
    {
        JsonObject file = JsonSerializer.SerializeToNode(this, Json)!.AsObject();
        file["training"] = JsonNode.Parse(Training.ToJson());
        return file.ToJsonString(Json);
    }

    /// <summary>Writes the file into the folder of a run.</summary>
    public void Write(string folder)
    {
        Directory.CreateDirectory(folder);
        AtomicFile.Write(Path.Combine(folder, FileName), stream =>
        {
            using var writer = new StreamWriter(stream, leaveOpen: true);
            writer.Write($"{ToJson()}\n");
        });
    }

    /// <summary>Reads a file.</summary>
    /// <param name="path">The file.</param>
    /// <exception cref="FileNotFoundException">There is no such file.</exception>
    /// <exception cref="InvalidDataException">Not such a file; the message says what is wrong.</exception>
    public static RunFile Read(string path)
    {
        if (!File.Exists(path))
        {
            throw new FileNotFoundException($"'{path}' is missing: '{Path.GetDirectoryName(path)}' is not the folder of a run.", path);
        }

        try
        {
            if (JsonNode.Parse(File.ReadAllText(path)) is not JsonObject file)
            {
                throw new InvalidDataException($"'{path}' is not an object in JSON.");
            }

            JsonNode? training = file["training"];
            file.Remove("training");
            RunFile run = file.Deserialize<RunFile>(Json)!;
            return run with { Training = TrainingOptions.FromJson(training?.ToJsonString() ?? "{}") };
        }
        catch (Exception error) when (error is JsonException or ArgumentException)
        {
            throw new InvalidDataException($"'{path}' cannot be used as the options of a run: {error.Message}", error);
        }
    }

    /// <summary>Opens the finished model of the run.</summary>
    /// <param name="folder">Folder of the run.</param>
    /// <exception cref="InvalidDataException">There is none, or a file is damaged.</exception>
    public TrainedModel OpenModel(string folder)
    {
        string model = Path.Combine(folder, TrainingRun.ModelFolderName);
        if (!TrainedModel.Exists(model))
        {
            throw new InvalidDataException($"'{model}' holds no model: the run is not finished. `dpfah train --resume --output {folder}` goes on with it.");
        }

        return TrainedModel.Open(model, Fit is null ? Training : UnsupervisedModel.NetworkOf(Training, model));
    }
}
