using System.Globalization;
using System.Text.Json.Nodes;
using Dpfah.Learning.Networks;
using Dpfah.Learning.Training;

namespace Dpfah.Learning.Reproduction;

/// <summary>Which cells the tables and figures are made of.</summary>
/// <param name="options">The scale.</param>
public sealed class Plan(ReproductionOptions options)
{
    /// <summary>Values of ζ in the paper's sensitivity study.</summary>
    public static IReadOnlyList<double> Zetas { get; } = [0.05, 0.1, 0.5, 1];

    /// <summary>Values of η in the paper's sensitivity study.</summary>
    public static IReadOnlyList<double> Etas { get; } = [1, 5, 10, 15];

    /// <summary>The scale.</summary>
    public ReproductionOptions Options => options;

    /// <summary>Every method at one length with one seed, those without labels last.</summary>
    public IEnumerable<Cell> Comparison(int bits, ulong seed) =>
        [.. options.Methods.Select(method => Trained(method, bits, seed)), Unsupervised(UnsupervisedModel.Itq, bits, seed), Unsupervised(UnsupervisedModel.Lsh, bits, seed)];

    /// <summary>A method as its article has it.</summary>
    public Cell Trained(string method, int bits, ulong seed) => new(
        $"{method}-{bits}-s{seed}",
        CellKind.Trained,
        method,
        options.Training with { Method = method, Bits = bits, Seed = seed },
        KeepsModel: seed == options.Seeds[0] && ((method is "dpfah" or "dbdh" && bits == options.ReferenceBits) || (method == "dpfah" && bits == options.Bits[^1])),
        MeasuresPreviews: method == "dpfah" && bits == options.Bits[^1] && seed == options.Seeds[0]);

    /// <summary>
    /// The copy in half precision of DPFAH's longest cell, as a service may carry it. No part of the work: it is there where somebody exported
    /// it into its folder and measured it.
    /// </summary>
    public Cell Half()
    {
        Cell cell = Trained("dpfah", options.Bits[^1], options.Seeds[0]);
        return cell with { Name = $"{cell.Name}-half" };
    }

    /// <summary>A method without labels.</summary>
    public Cell Unsupervised(string method, int bits, ulong seed) => new(
        $"{method}-{bits}-s{seed}", CellKind.Unsupervised, method, options.Training with { Bits = bits, Seed = seed });

    /// <summary>The variants of the ablation, in the paper's order, with one seed. The baseline is there only with weights for AlexNet.</summary>
    public IReadOnlyList<(string Title, Cell Cell)> Ablation(ulong seed)
    {
        Cell dbdh = Trained("dbdh", options.ReferenceBits, seed);
        (string, Cell)[] baseline = options.AlexNetWeights is string weights
            ? [("AlexNet + DBDH", Variant(dbdh, "alexnet", o => o with { Backbone = AlexNet.Architecture, Weights = weights, ImageSide = Math.Max(64, o.ImageSide) }))]
            : [];
        return
        [
            .. baseline,
            ("ResNet18 + DBDH", dbdh),
            ("ResNet18 + PFA + DBDH", Variant(dbdh, "pfa", o => o with { Attention = AttentionOptions.Paper })),
            ("DPFAH", Trained("dpfah", options.ReferenceBits, seed)),
        ];
    }

    /// <summary>DPFAH with one value of a weight of its loss; the default's cell is that of the comparison.</summary>
    /// <param name="parameter"><c>eta</c> or <c>zeta</c>.</param>
    /// <param name="value">Its value.</param>
    /// <param name="bits">Length of the codes.</param>
    public Cell Sensitivity(string parameter, double value, int bits)
    {
        Cell cell = Trained("dpfah", bits, options.Seeds[0]);
        bool isDefault = value == (parameter == "eta" ? 10 : 0.1);
        return isDefault
            ? cell
            : Variant(cell, $"{parameter}{value.ToString(CultureInfo.InvariantCulture)}", o => o with { Loss = new JsonObject { [parameter] = value } });
    }

    /// <summary>The validation curves by which the number of epochs is chosen: every method at the reference length.</summary>
    public IEnumerable<Cell> ValidationCurves() => options.Methods.Select(method =>
        Variant(Trained(method, options.ReferenceBits, options.Seeds[0]), "validation", o => o with { HoldOut = options.HoldOut, ValidateEvery = 2 })
            with
        { Kind = CellKind.Validation });

    /// <summary>Everything, in the order of work: a whole table at the reference length first.</summary>
    public IReadOnlyList<Cell> All()
    {
        ulong first = options.Seeds[0];
        IEnumerable<Cell> cells =
        [
            Trained("dpfah", options.Bits[^1], first), // what the demo carries
            .. Comparison(options.ReferenceBits, first),
            .. Ablation(first).Select(variant => variant.Cell),
            .. ValidationCurves(),
            .. Zetas.Select(value => Sensitivity("zeta", value, options.ReferenceBits)),
            .. Etas.Select(value => Sensitivity("eta", value, options.ReferenceBits)),
            .. options.Bits.Except([options.ReferenceBits]).SelectMany(bits => Comparison(bits, first)),
            .. options.Seeds.Skip(1).SelectMany(seed => Comparison(options.ReferenceBits, seed).Concat(Ablation(seed).Select(variant => variant.Cell))),
        ];
        return [.. cells.DistinctBy(cell => cell.Name)];
    }

    private static Cell Variant(Cell cell, string suffix, Func<TrainingOptions, TrainingOptions> change) =>
        cell with { Name = $"{cell.Name}-{suffix}", Options = change(cell.Options), KeepsModel = false, MeasuresPreviews = false };
}
