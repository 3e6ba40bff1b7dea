using System.Globalization;
using Dpfah.Core.Codes;
using Dpfah.Core.Evaluation;
using Dpfah.Learning.Evaluation;
using Dpfah.Learning.Losses;
using Dpfah.Learning.Reproduction;

namespace Dpfah.Learning.Tests.Reproduction;

public sealed class ClaimsTests : IDisposable
{
    private const string Best48 = "DPFAH has the best mAP at 48 bits";
    private const string Best16 = "DPFAH has the best mAP at 16 bits";
    private const string Rival = "DSDH is the best of the others (48 bits)";
    private const string Attention = "the attention improves ResNet18 + DBDH";
    private const string Costs = "the attention costs less time than SE and CBAM (one picture, 224 pixels, one thread)";
    private const string Recall = "on ImageNet-100 at 16 bits DHN has the higher precision beyond a recall of 0.6";
    private static readonly string[] Two = ["dpfah", "dhn"];

    private readonly TestFolder folder = new();

    public void Dispose() => folder.Dispose();

    [Fact]
    public void A_method_is_first_where_its_lead_is_beyond_the_noise_of_the_seeds()
    {
        Measure("dpfah", 0.850, 0.851, 0.852);
        Measure("dhn", 0.800, 0.801, 0.802);
        Measure("dpfah-16-s1", 0.85);
        Measure("dhn-16-s1", 0.80);

        Dictionary<string, (string Measured, string Verdict)> claims = Claims(Two);

        Assert.Equal(("DPFAH 0.8510, DHN 0.8010", "holds among the 2 methods run (n = 3)"), claims[Best48]);
        Assert.Equal("holds among the 2 methods run (one seed)", claims[Best16].Verdict);
    }

    [Fact]
    public void A_lead_or_a_lag_within_the_noise_is_none()
    {
        Measure("dpfah", 0.850, 0.860, 0.870);
        Measure("dhn", 0.851, 0.861, 0.871);
        Measure("dpfah-16-s1", 0.860);
        Measure("dhn-16-s1", 0.855); // One seed has the noise of the three at 48 bits.

        Dictionary<string, (string Measured, string Verdict)> claims = Claims(Two);

        Assert.Equal("not distinguishable from DHN: -0.0010 is within the noise, 0.0163 among the 2 methods run (n = 3)", claims[Best48].Verdict);
        Assert.Equal("not distinguishable from DHN: +0.0050 is within the noise, 0.0283 among the 2 methods run (one seed)", claims[Best16].Verdict);
    }

    [Fact]
    public void A_lag_beyond_the_noise_is_told_with_who_is_first()
    {
        Measure("dpfah", 0.850, 0.851, 0.852);
        Measure("dhn", 0.900, 0.901, 0.902);

        Dictionary<string, (string Measured, string Verdict)> claims = Claims(Two);

        Assert.Equal("does not hold among the 2 methods run: DHN is first, DPFAH number 2 of 2 (n = 3)", claims[Best48].Verdict);
        Assert.Equal(("missing", "awaits all methods"), claims[Best16]);
    }

    [Fact]
    public void What_was_not_run_is_said_so()
    {
        Measure("dpfah", 0.85, 0.85, 0.85);
        Measure("dhn", 0.80, 0.80, 0.80);

        Assert.Equal(("DHN 0.8000", "not run: DSDH is not among the methods"), Claims(Two)[Rival]);
        Assert.Equal("not run: DPFAH is not among the methods", Claims(["dhn", "dsdh"])[Best48].Verdict);
        Assert.Equal("not run: there is no other method", Claims(["dpfah"])[Best48].Verdict);
        Assert.Equal("not run: there is no other method", Claims(["dpfah", "dsdh"])[Rival].Verdict);
        Assert.Equal("awaits both", Claims(Two)[Attention].Verdict);
        Assert.Equal("awaits all values", Claims(Two)["zeta = 0.1 is best"].Verdict);
    }

    [Fact]
    public void Of_all_methods_a_claim_holds_without_reserve()
    {
        foreach (HashingMethod method in HashingMethod.All)
        {
            double map = method.Name switch { "dpfah" => 0.9, "dsdh" => 0.8, _ => 0.7 };
            Measure(method.Name, map, map + 0.001, map - 0.001);
        }

        Dictionary<string, (string Measured, string Verdict)> claims = Claims([.. HashingMethod.All.Select(method => method.Name)]);

        Assert.Equal("holds (n = 3)", claims[Best48].Verdict);
        Assert.Equal("holds (n = 3)", claims[Rival].Verdict);
        Assert.Equal("holds (n = 3)", claims["DPFAH has the smallest quantisation error (48 bits)"].Verdict); // 1 - mAP here
    }

    [Theory]
    [InlineData(0.84, "holds (n = 3)")]
    [InlineData(0.80, "does not hold (n = 3)")]
    [InlineData(0.8205, "not distinguishable: +0.0005 is within the noise, 0.0016 (n = 3)")]
    public void A_part_of_the_method_helps_where_the_gain_is_beyond_the_noise(double with, string verdict)
    {
        Measure("dbdh", 0.819, 0.820, 0.821);
        for (int seed = 1; seed <= 3; seed++)
        {
            Measure($"dbdh-48-s{seed}-pfa", with + (0.001 * (seed - 2)));
        }

        Assert.Equal(verdict, Claims(Two)[Attention].Verdict);
    }

    [Theory]
    [InlineData(0.83, 0.831, 0.829, 0.80, "holds (one seed)")]
    [InlineData(0.83, 0.831, 0.829, 0.90, "does not hold: best at 1 (one seed)")]
    [InlineData(0.83, 0.831, 0.829, 0.8305, "not distinguishable from 1: -0.0005 is within the noise, 0.0028 (one seed)")]
    public void A_value_of_a_weight_is_best_beyond_the_noise_of_the_defaults_seeds(double first, double second, double third, double other, string verdict)
    {
        Measure("dpfah", first, second, third);
        Measure("dpfah-48-s1-zeta0.05", 0.7);
        Measure("dpfah-48-s1-zeta0.5", 0.7);
        Measure("dpfah-48-s1-zeta1", other);

        Assert.Equal(verdict, Claims(Two)["zeta = 0.1 is best"].Verdict);
    }

    [Fact]
    public void The_papers_numbers_are_compared_on_its_data_sets_only()
    {
        Measure("dpfah-16-s1", 0.8282);
        Measure("dpfah", 0.8522, 0.8522, 0.8522);

        Assert.Equal(("needs CIFAR-10; this report is of fashion-mnist", "not testable here"), Claims(Two)["DPFAH's mAP of Table 6 on CIFAR-10"]);
        Dictionary<string, (string Measured, string Verdict)> claims = Claims(Two, "cifar10");
        Assert.Equal(("16 bits 0.8282, paper 0.8382, 48 bits 0.8522, paper 0.8522", "differs by -0.0100 to 0"), claims["DPFAH's mAP of Table 6 on CIFAR-10"]);
        Assert.Equal("needs NUS-WIDE-21; this report is of cifar10", claims["DPFAH's mAP of Table 6 on NUS-WIDE-21"].Measured);
        Assert.Equal("the paper's text has no numbers", Claims(Two, "imagenet100")["DPFAH's mAP of Table 6 on ImageNet-100"].Verdict);
        Assert.Equal("not run", Claims(["dhn"], "cifar10")["DPFAH's mAP of Table 6 on CIFAR-10"].Verdict);
    }

    [Theory]
    [InlineData(0.6, 0.5, "holds (one seed)")]
    [InlineData(0.5, 0.6, "does not hold (one seed)")]
    public void Precision_at_high_recall_is_compared_on_ImageNet(double dhn, double dpfah, string verdict)
    {
        Assert.Equal("not testable here", Claims(Two)[Recall].Verdict);
        Assert.Equal("not run", Claims(["dpfah"], "imagenet100")[Recall].Verdict);
        Assert.Equal("awaits both", Claims(Two, "imagenet100")[Recall].Verdict);
        Measure("dhn-16-s1", 0.8, dhn);
        Measure("dpfah-16-s1", 0.8, dpfah);
        Assert.Equal(verdict, Claims(Two, "imagenet100")[Recall].Verdict);
    }

    [Theory]
    [InlineData(0.3, 0.4, "holds")]
    [InlineData(0.1, 0.4, "holds in part: cheaper than CBAM, not than SE")]
    [InlineData(0.1, 0.1, "does not hold: not cheaper than SE and CBAM")]
    public void The_attention_is_compared_with_each_other_module(double se, double cbam, string verdict) =>
        Assert.Equal(verdict, Claims(Two, se: se, cbam: cbam)[Costs].Verdict);

    [Fact]
    public void Costs_of_an_older_file_have_no_machine()
    {
        string path = folder.File("costs.json");
        File.WriteAllText(path, """[{"module":"PFA","parameters":0,"side":64,"forwardOne":0.1,"forwardBatch":1,"stepBatch":2}]""");

        var costs = AttentionCosts.ReadOrMeasure(path, anew: false);

        Assert.Equal((null, "PFA"), (costs.Machine, Assert.Single(costs.Modules).Module));
        File.WriteAllText(path, "{");
        Assert.Contains("is damaged", Assert.Throws<InvalidDataException>(() => AttentionCosts.ReadOrMeasure(path, anew: false)).Message);
    }

    /// <summary>Three seeds at 48 bits.</summary>
    private void Measure(string method, double first, double second, double third)
    {
        Measure($"{method}-48-s1", first);
        Measure($"{method}-48-s2", second);
        Measure($"{method}-48-s3", third);
    }

    /// <summary>Writes what a cell is said to have measured.</summary>
    private void Measure(string cell, double map, double precisionAtHighRecall = 0.5)
    {
        var side = new LabelledCodes(CodeMatrix.From([BinaryCode.FromBytes([1])]), LabelMatrix.From(1, [[0]]));
        RetrievalResult result = RetrievalEvaluation.Run(side, side, new RetrievalOptions { Cuts = [], PrecisionAt = [] });
        RankingMetrics ranking = result.Ranking with { Map = map, MapAt = [new MapAtCut(1000, map, map)], ByRank = [new RankPoint(9, precisionAtHighRecall, 0.95)] };
        string path = folder.File(Path.Combine("cells", cell, "evaluation.json"));
        Directory.CreateDirectory(Path.GetDirectoryName(path)!);
        File.WriteAllText(path, new EvaluationReport
        {
            Method = cell,
            Dataset = "test",
            Split = "",
            Model = "",
            Retrieval = result with { Ranking = ranking, FineRanking = ranking },
            TrainingMap = map,
            QuantizationError = 1 - map,
            Distances = new ClassDistances(1, 2),
            Health = new CodeHealth(0.5, 1),
        }.ToJson());
    }

    private Dictionary<string, (string Measured, string Verdict)> Claims(string[] methods, string dataset = "fashion-mnist", double se = 0.1, double cbam = 0.4)
    {
        var options = new ReproductionOptions { Dataset = dataset, Bits = [16, 48], ReferenceBits = 48, Seeds = [1, 2, 3], Methods = methods };
        var report = new Report(new Plan(options), new Reproducer(folder.Path, options), "report");
        AttentionCost[] costs = [.. new[] { ("PFA", 0.2), ("SE", se), ("CBAM", cbam) }.Select(m => new AttentionCost(m.Item1, 0, 224, m.Item2, 1, 1))];

        Dpfah.Learning.Reproduction.Claims.Write(report, new AttentionCosts("test, 2 cores", new DateOnly(2026, 1, 2), costs));

        string text = report.ToString();
        Assert.Contains(string.Create(CultureInfo.InvariantCulture, $"medians of {AttentionCost.Repeats} in turn; test, 2 cores, 2026-01-02:"), text);
        return text.Split('\n').Where(line => line.StartsWith("| ", StringComparison.Ordinal)).Select(line => line[2..^2].Split(" | ")).Where(cells => cells.Length == 3)
            .ToDictionary(cells => cells[0], cells => (cells[1], cells[2]));
    }
}
