using System.Text.Json;
using Dpfah.FunctionalTests.Infrastructure;

namespace Dpfah.FunctionalTests.Cli;

/// <summary><c>dpfah train</c> as a training job runs it: on a written collection, with its result, as a child.</summary>
public sealed class TrainCollectionTests : IDisposable
{
    private static readonly string[] Figures = ["pr", "precision-at-n", "top10", "tsne"];

    private readonly TemporaryFolder folder = new();

    public void Dispose() => folder.Dispose();

    [Fact]
    public async Task A_collection_is_fitted_without_labels_then_trained_from_there_and_both_are_measured_on_the_same_queries()
    {
        TinyCollection.Write(folder["data"], perClass: 20);
        string[] common = ["--dataset", "collection", "--data", folder["data"], "--side", "32", "--bits", "16", "--threads", "1", "--device", "cpu", "--measure", "--progress", "json"];
        JsonElement first = await TrainAsync(["-o", folder["first"], "--method", "itq", "--name", "first", .. common]);
        JsonElement second = await TrainAsync(
            ["-o", folder["second"], "--parent", Path.Combine(folder["first"], "model"), "--epochs", "2", "--batch-size", "40", "--name", "second", .. common]);

        Assert.Equal("""{"train":120,"validation":20,"query":20,"database":40,"classes":10}""", first.GetProperty("counts").GetRawText());
        Assert.Equal(first.GetProperty("split").GetString(), second.GetProperty("split").GetString());
        Assert.Equal(first.GetProperty("metrics").GetRawText(), second.GetProperty("parentMetrics").GetRawText());
        Assert.InRange(first.GetProperty("metrics").GetProperty("map").GetDouble(), 0.2, 0.9);
        Assert.False(first.TryGetProperty("parentMetrics", out _));
        Assert.Equal(0, first.GetProperty("epochs").GetArrayLength());
        Assert.Equal(2, second.GetProperty("epochs").GetArrayLength());
        Assert.InRange(second.GetProperty("epochs")[0].GetProperty("validation").GetProperty("map").GetDouble(), 0.1, 1);
        foreach ((string run, string[] names) in new[] { ("first", Figures), ("second", (string[])[.. Figures, "training"]) })
        {
            string result = Path.Combine(folder[run], "result");
            Assert.Equal(
                names.SelectMany(name => new[] { $"{name}.json", $"{name}.png", $"{name}.svg" }).Concat(["evaluation.json", "result.json"]).Order(StringComparer.Ordinal),
                Directory.GetFiles(result).Select(Path.GetFileName).Order(StringComparer.Ordinal));
            Assert.All(Directory.GetFiles(result, "*.json"), file => JsonDocument.Parse(File.ReadAllText(file)).Dispose());
        }

        Assert.Equal(2, JsonDocument.Parse(File.ReadAllText(folder["second/result/pr.json"])).RootElement.GetProperty("curves").GetArrayLength());
    }

    [Fact]
    public async Task A_training_ends_when_its_standard_input_is_closed()
    {
        TinyDataset.Write(folder["data"]);
        string[] options = [.. TinyDataset.Options(folder["data"]), .. TinyDataset.Small, "--epochs", "1000"];

        // After its first epoch, however long that takes.
        string untilFirst = $"timeout 120 bash -c 'until grep -q epoch {folder["run"]}/metrics.jsonl; do sleep 0.2; done 2> /dev/null; sleep 1'";
        CommandResult result = await DpfahProgram.RunBehindAsync(
            untilFirst, ["train", "-o", folder["run"], "--progress", "json", "--end-with-input", .. options]);

        Assert.Equal(3, result.ExitCode);
        Assert.Contains("\"epoch\":1,", result.Output, StringComparison.Ordinal);
        Assert.False(Directory.Exists(folder["run/model"]));
    }

    private static async Task<JsonElement> TrainAsync(string[] arguments)
    {
        string output = await DpfahProgram.SucceedAsync(["train", .. arguments]);
        JsonElement[] lines = [.. output.Split('\n', StringSplitOptions.RemoveEmptyEntries).Select(line => JsonDocument.Parse(line).RootElement)];
        string stage = arguments.Contains("itq") ? "fitting" : "training";
        Assert.Equal(["loading", stage, "measuring"], lines.Where(l => l.TryGetProperty("state", out _)).Select(l => l.GetProperty("state").GetString()));
        Assert.Contains(lines, line => line.TryGetProperty("step", out _) && line.GetProperty("done").GetDouble() == 1);
        string folder = lines[^1].GetProperty("result").GetString()!;
        JsonElement result = JsonDocument.Parse(await File.ReadAllTextAsync(Path.Combine(folder, "result.json"))).RootElement;
        Assert.Equal(lines[^1].GetProperty("digest").GetString(), result.GetProperty("digest").GetString());
        return result;
    }
}
