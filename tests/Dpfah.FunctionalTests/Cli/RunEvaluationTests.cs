using System.Text.Json.Nodes;
using Dpfah.FunctionalTests.Infrastructure;
using Dpfah.Learning.Evaluation;

namespace Dpfah.FunctionalTests.Cli;

[Collection(OneTraining.Name)]
public sealed class RunEvaluationTests(TrainedOnce once)
{
    [Fact]
    public async Task A_run_and_its_copy_in_half_precision_are_measured_and_each_reading_of_the_queries_is_counted()
    {
        string output = await DpfahProgram.SucceedAsync("evaluate", once.Unbroken, "--k", "20");
        Assert.Contains("│ mAP@20 of min(R, k)", output, StringComparison.Ordinal);
        Assert.Contains("40 queries, 40 with a relevant item; 100 codes of 16 bits; 10 classes.", output, StringComparison.Ordinal);
        Assert.Contains("The queries of this split were opened once so far.", output, StringComparison.Ordinal);
        EvaluationReport whole = Report(once.Unbroken);
        Assert.Equal(("dpfah", "folder", once.Digest), (whole.Method, whole.Dataset, whole.Model));
        Assert.Equal((40, 100), (whole.Retrieval.Queries, whole.Retrieval.Database));
        Assert.InRange(whole.Retrieval.Ranking.Map, 0.15, 1);
        Assert.Null(whole.Warnings);

        output = await DpfahProgram.SucceedAsync("evaluate", once.Unbroken, "--previews", "--json", once["again.json"]);
        Assert.Contains("were opened 2 times so far.", output, StringComparison.Ordinal);
        Assert.Contains("by way of previews 0.", output, StringComparison.Ordinal);
        Assert.NotNull(EvaluationReport.FromJson(await File.ReadAllTextAsync(once["again.json"])).PreviewMap);

        string half = await DpfahProgram.SucceedAsync("export", once.Unbroken, once["half"], "--half");
        Assert.NotEqual(once.Digest, TrainedOnce.DigestOf(half));
        Assert.InRange(Length(once["half"]), Length(once.Unbroken) / 2, Length(once.Unbroken) * 0.51);
        await DpfahProgram.SucceedAsync("evaluate", once["half"]);
        Assert.Equal(whole.Retrieval.Ranking.Map, Report(once["half"]).Retrieval.Ranking.Map, 0.02);
        Assert.Equal(whole.Split, Report(once["half"]).Split);

        string sentence = await DpfahProgram.FailAsync("export", once.Unbroken, once.Unbroken, "--half");
        Assert.Equal($"dpfah: '{once.Unbroken}' holds a run already: choose another folder.", sentence);
    }

    [Fact]
    public async Task What_the_data_set_lacks_is_told_and_written_down()
    {
        string folder = once["linked"], data = once["linked-data"];
        TrainedOnce.Copy(once.Unbroken, folder);
        TrainedOnce.Copy(once.Data, data);
        File.CreateSymbolicLink(Path.Combine(data, "bag", "link.png"), "nowhere.png");
        string path = Path.Combine(folder, "run.json");
        JsonNode run = JsonNode.Parse(await File.ReadAllTextAsync(path))!;
        run["data"] = data;
        await File.WriteAllTextAsync(path, run.ToJsonString());

        CommandResult result = await DpfahProgram.RunAsync("evaluate", folder);

        Assert.Equal(0, result.ExitCode);
        string warning = Assert.Single(Report(folder).Warnings!);
        Assert.Contains("bag/link.png", warning, StringComparison.Ordinal);
        Assert.Contains($"dpfah: {warning}", result.Error, StringComparison.Ordinal);

        // A changed run.json is not believed over the model.
        run["training"]!["imageSide"] = 64;
        await File.WriteAllTextAsync(path, run.ToJsonString());
        Assert.Contains("imageSide is 64", await DpfahProgram.FailAsync("evaluate", folder), StringComparison.Ordinal);
        Assert.Contains("imageSide is 64", await DpfahProgram.FailAsync("train", "-o", folder, "--resume"), StringComparison.Ordinal);
    }

    [Fact]
    public async Task What_is_no_finished_run_is_refused_with_what_to_do()
    {
        string broken = once.CopyBroken("unfinished");
        string sentence = await DpfahProgram.FailAsync("evaluate", broken);
        Assert.Contains("the run is not finished.", sentence, StringComparison.Ordinal);
        Assert.Contains($"`dpfah train --resume --output {broken}`", sentence, StringComparison.Ordinal);
        Assert.Contains("no finished model", await DpfahProgram.FailAsync("export", broken, once["copy"]), StringComparison.Ordinal);
        Assert.False(Directory.Exists(once["copy"]));
        foreach (string[] command in (string[][])[["evaluate", once.Data], ["export", once.Data, once["copy"]]])
        {
            Assert.EndsWith("is not the folder of a run.", await DpfahProgram.FailAsync(command), StringComparison.Ordinal);
        }
    }

    private static EvaluationReport Report(string folder) => EvaluationReport.FromJson(File.ReadAllText(Path.Combine(folder, "evaluation.json")));

    private static long Length(string folder) => new FileInfo(Path.Combine(folder, "model", "backbone.safetensors")).Length;
}
