using System.Text.Json;
using Dpfah.Learning.Datasets;
using Dpfah.Learning.Explaining;
using Dpfah.Learning.Imaging;
using Dpfah.Learning.Models;
using Dpfah.Learning.Networks;
using Dpfah.Learning.Training;
using TorchSharp;
using static TorchSharp.torch;

namespace Dpfah.Learning.Reproduction;

/// <summary>Heat maps of some queries under the model of a cell, small enough to stay when the model goes.</summary>
/// <param name="Stage">The stage whose maps were weighed.</param>
/// <param name="Maps">One a query.</param>
internal sealed record Explanations(int Stage, IReadOnlyList<Explanation> Maps)
{
    private const string FileName = "explanations.json";

    /// <summary>What a cell's file has; where it is missing it is computed from the model and written.</summary>
    /// <param name="folder">The cell.</param>
    /// <param name="queries">The query split.</param>
    /// <param name="positions">The queries to explain.</param>
    /// <returns>Null where there is neither file nor model.</returns>
    public static Explanations? ReadOrCompute(CellFolder folder, PictureSet queries, IReadOnlyList<int> positions)
    {
        string path = Path.Combine(folder.Folder, FileName);
        if (File.Exists(path))
        {
            return JsonSerializer.Deserialize<Explanations>(File.ReadAllText(path), JsonSerializerOptions.Web);
        }

        if (!TrainedModel.Exists(folder.ModelFolder))
        {
            return null;
        }

        Explanations computed = Compute(folder, queries, positions);
        AtomicFile.Write(path, stream => JsonSerializer.Serialize(stream, computed, JsonSerializerOptions.Web));
        return computed;
    }

    /// <summary>The heat map of a query; null where it was not explained.</summary>
    public HeatMap? Of(int position) =>
        Maps.FirstOrDefault(map => map.Query == position) is { } map ? new HeatMap(map.Width, map.Values.Count / map.Width, [.. map.Values]) : null;

    private static Explanations Compute(CellFolder folder, PictureSet queries, IReadOnlyList<int> positions)
    {
        using DisposeScope scope = NewDisposeScope();
        using DpfahNetwork network = folder.OpenNetwork();
        var input = new NetworkInput(ImageDecoders.Create(ImageDecoders.Skia), Trainer.PreprocessingOf(folder.Cell.Options));
        int stage = GradCam.StageFor(folder.Cell.Options.ImageSide);
        var pixels = new float[input.Length];
        var maps = new List<Explanation>();
        foreach (int position in positions)
        {
            input.Write(queries.Read(position), pixels);
            using Tensor image = tensor(pixels, [1, 3, input.Side, input.Side]);
            HeatMap map = GradCam.Explain(network, image, ExplanationTarget.CodeStrength, stage);
            maps.Add(new Explanation(position, map.Width, [.. map.Values.Select(v => MathF.Round(v, 4))]));
        }

        return new Explanations(stage, maps);
    }
}

/// <summary>The heat map of one query for the strength of its code, Σ |u|.</summary>
/// <param name="Query">Position in the query split.</param>
/// <param name="Width">Columns.</param>
/// <param name="Values">Row by row, from 0 to 1.</param>
internal sealed record Explanation(int Query, int Width, IReadOnlyList<float> Values);
