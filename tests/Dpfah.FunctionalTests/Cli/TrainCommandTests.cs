using System.Text.Json;
using System.Text.Json.Nodes;

namespace Dpfah.FunctionalTests.Cli;

[Collection(OneTraining.Name)]
public sealed class TrainCommandTests(TrainedOnce once)
{
    [Fact]
    public async Task A_run_is_repeated_by_its_file_in_a_folder_where_another_failed()
    {
        string folder = once["first"];
        string sentence = await DpfahProgram.FailAsync(["train", "-o", folder, .. once.Options, "--set", "eta=1e300", "--set", "delta=0"]);
        Assert.Contains("The loss is Infinity in epoch 1, batch 1 (L1 = ", sentence, StringComparison.Ordinal);
        Assert.Contains("smaller learning rate", sentence, StringComparison.Ordinal);

        string output = await DpfahProgram.SucceedAsync(
            ["train", "-o", folder, "--progress", "json", "--config", Path.Combine(once.Unbroken, "run.json"), "--hold-out", "2", "--method", "dsh"]);
        string[] lines = output.Split('\n', StringSplitOptions.RemoveEmptyEntries);
        JsonElement[] reports = [.. lines.Select(line => JsonDocument.Parse(line).RootElement)];
        Assert.Equal(80 / 25 * TrainedOnce.Epochs, reports.Count(report => report.TryGetProperty("progress", out _)) - TrainedOnce.Epochs);
        JsonElement[] epochs = [.. reports.Where(report => report.TryGetProperty("loss", out _))];
        Assert.Equal([1, 2, 3, 4], epochs.Select(report => report.GetProperty("epoch").GetInt32()));
        Assert.All(epochs, report => Assert.InRange(report.GetProperty("validation").GetProperty("map").GetDouble(), 0.05, 1));
        Assert.Equal(epochs.Select(report => report.GetRawText()), File.ReadLines(Path.Combine(folder, "metrics.jsonl")));

        string repeated = await DpfahProgram.SucceedAsync("train", "-o", once["second"], "--config", Path.Combine(folder, "run.json"));
        Assert.Equal(TrainedOnce.DigestOf(output), TrainedOnce.DigestOf(repeated));
        Assert.NotEqual(once.Digest, TrainedOnce.DigestOf(repeated));
        Assert.Equal(File.ReadAllText(Path.Combine(folder, "run.json")), File.ReadAllText(Path.Combine(once["second"], "run.json")));
    }

    [Fact]
    public async Task An_option_of_the_split_beside_a_file_leaves_the_others_as_they_are()
    {
        // One picture more than a class has: it is refused with the counts of the file.
        CliRun run = await CliRun.Of("train", "-o", once["more"], "--config", Path.Combine(once.Unbroken, "run.json"), "--queries-per-class", "14");
        Assert.Equal((1, ""), (run.ExitCode, run.Output));
        Assert.Contains("has 24 pictures; 14 queries and 10 training pictures leave none for the database", run.Error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_finished_run_is_not_trained_again()
    {
        string output = await DpfahProgram.SucceedAsync("train", "-o", once.Unbroken, "--resume");
        Assert.Equal(once.Digest, TrainedOnce.DigestOf(output));

        CliRun run = await CliRun.Of(["train", "-o", once.Unbroken, .. once.Options]);
        Assert.Equal((1, ""), (run.ExitCode, run.Output));
        Assert.Equal($"dpfah: '{once.Unbroken}' holds a run already: go on with it by --resume, or choose another folder.\n", run.Error);
    }

    [Theory]
    [InlineData("--bits", "32")]
    [InlineData("--data", "elsewhere")]
    [InlineData("--split-seed", "2")]
    public async Task A_run_goes_on_by_its_own_options_only(string option, string value)
    {
        CliRun run = await CliRun.Of("train", "-o", once.Unbroken, "--resume", option, value);
        Assert.Equal((1, "dpfah: --resume goes on by the options of the folder; give no others beside it.\n"), (run.ExitCode, run.Error));
    }

    [Fact]
    public async Task A_folder_without_a_run_is_told()
    {
        CliRun run = await CliRun.Of("train", "-o", once["nothing"], "--resume");
        Assert.Equal(1, run.ExitCode);
        Assert.Equal($"dpfah: '{once["nothing/run.json"]}' is missing: '{once["nothing"]}' is not the folder of a run.\n", run.Error);
    }

    [Fact]
    public async Task The_open_choices_of_network_and_attention_are_options()
    {
        string[] choices = ["--attention-lambda", "0.001", "--attention-divide-by-m", "true", "--classes-from-code", "true"];
        await DpfahProgram.SucceedAsync(["train", "-o", once["choices"], .. once.Options, .. choices]);
        JsonNode training = JsonNode.Parse(await File.ReadAllTextAsync(Path.Combine(once["choices"], "run.json")))!["training"]!;
        Assert.Equal("""{"mode":"residual","divideByM":true,"lambda":0.001}""", training["attention"]!.ToJsonString());
        Assert.True(training["classesFromCode"]!.GetValue<bool>());

        CliRun run = await CliRun.Of(["train", "-o", once["wrong"], .. once.Options, "--method", "dsh", .. choices]);
        Assert.Equal((1, "dpfah: --attention-lambda and --attention-divide-by-m are of the attention, which this network has not: give --attention residual.\n"), (run.ExitCode, run.Error));
    }

    [Theory]
    [InlineData(2, "There is no option '--epoch'. Did you mean --epochs?", "--epoch", "3")]
    [InlineData(2, "Must be one of:", "--attention", "of")]
    [InlineData(1, "There is no method 'dpfa'. Did you mean dpfah?", "--method", "dpfa")]
    [InlineData(1, "DPFAH has no option 'zetta'. Did you mean zeta? It has eta = 10, zeta = 0.1", "--set", "zetta=3")]
    [InlineData(1, "--set takes NAME=VALUE, such as eta=5; it was given 'eta'.", "--set", "eta")]
    [InlineData(1, "{\"eta\":\"abc\"} do not fit DPFAH", "--set", "eta=abc")]
    [InlineData(1, "dpfah: The options of DPFAH cannot be used: eta is -5; it is a number from 0.", "--set", "eta=-5")]
    [InlineData(1, "Queries of each class are -1; their number is not negative.", "--queries-per-class", "-1")]
    [InlineData(1, "nowhere.safetensors', and there is no such file; it is imagenet, random, or a backbone file.", "--weights", "nowhere.safetensors")]
    [InlineData(1, "bits is 17; it is a multiple of 8", "--bits", "17")]
    [InlineData(1, "imageSide is 40; it is a multiple of 32", "--side", "40")]
    [InlineData(1, "There is no data set 'foldr'. Did you mean folder?", "--dataset", "foldr")]
    [InlineData(1, "Class 'ankle-boot' of 'folder' has 24 pictures; 100 queries and 500 training pictures need", "--seed", "1")]
    public async Task What_is_wrong_is_told_with_what_is_right(int exitCode, string message, string option, string value)
    {
        string[] dataset = option == "--dataset" ? [] : ["--dataset", "folder"];
        CliRun run = await CliRun.Of(["train", "-o", once["wrong"], "--data", once.Data, .. dataset, option, value]);
        Assert.Equal((exitCode, ""), (run.ExitCode, run.Output));
        Assert.Contains(message, run.Error, StringComparison.Ordinal);
        Assert.False(Directory.Exists(once["wrong"]));
    }

    [Fact]
    public async Task A_data_set_that_is_missing_is_told_with_where_to_get_it()
    {
        foreach (string[] data in (string[][])[[], ["--data", once["nowhere"]]])
        {
            CliRun run = await CliRun.Of(["train", "-o", once["cifar"], "--dataset", "cifar10", .. data]);
            Assert.Equal(1, run.ExitCode);
            Assert.Contains("https://www.cs.toronto.edu/~kriz/cifar-10-binary.tar.gz", run.Error, StringComparison.Ordinal);
        }

        CliRun none = await CliRun.Of("train", "-o", once["cifar"]);
        Assert.Contains("Name a data set by --dataset: fashion-mnist,", none.Error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_list_with_a_wrong_number_of_columns_is_told_with_file_and_line()
    {
        string lists = once["lists"];
        Directory.CreateDirectory(lists);
        string picture = Directory.EnumerateFiles(once.Data, "*.png", SearchOption.AllDirectories).First();
        File.Copy(picture, Path.Combine(lists, "a.png"), overwrite: true);
        string line = "a.png 1" + string.Concat(Enumerable.Repeat(" 0", 20));
        await File.WriteAllTextAsync(Path.Combine(lists, "database.txt"), $"{line}\n{line[..^2]}\n");

        CliRun run = await CliRun.Of("train", "-o", once["nus"], "--dataset", "nuswide21", "--data", lists);

        Assert.Equal(1, run.ExitCode);
        Assert.Contains($"'{Path.Combine(lists, "database.txt")}' line 2 has 20 columns after the path, expected 21", run.Error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_picture_that_becomes_unreadable_is_told_and_the_run_goes_on_when_it_is_back()
    {
        string folder = once.CopyBroken("unreadable");
        string data = once["unreadable-data"];
        TrainedOnce.Copy(once.Data, data);
        Edit(folder, run => run["data"] = data);
        string name = File.ReadLines(Path.Combine(folder, "split", "train.txt")).ElementAt(7).Split(' ')[0];
        string picture = Path.Combine(data, name);
        byte[] bytes = await File.ReadAllBytesAsync(picture);

        await File.WriteAllBytesAsync(picture, bytes[..60]);
        string sentence = await DpfahProgram.FailAsync("train", "-o", folder, "--resume");
        Assert.Contains($"Training picture 7 ('{name}') cannot be read in epoch 2: ", sentence, StringComparison.Ordinal);

        await File.WriteAllTextAsync(picture, "rubbish");
        sentence = await DpfahProgram.FailAsync("train", "-o", folder, "--resume");
        Assert.Contains($"Training picture 7 ('{name}') cannot be read in epoch 2: ", sentence, StringComparison.Ordinal);

        await File.WriteAllBytesAsync(picture, bytes);
        Assert.Equal(once.Digest, TrainedOnce.DigestOf(await DpfahProgram.SucceedAsync("train", "-o", folder, "--resume")));
    }

    [Fact]
    public async Task A_checkpoint_of_another_architecture_is_refused_and_stays()
    {
        string folder = once.CopyBroken("another");
        string checkpoint = Path.Combine(folder, "checkpoint.safetensors");
        byte[] before = await File.ReadAllBytesAsync(checkpoint);
        Edit(folder, run => run["training"]!["bits"] = 32);

        string sentence = await DpfahProgram.FailAsync("train", "-o", folder, "--resume");
        Assert.Equal($"dpfah: '{checkpoint}' is of a training with other options: bits is 32, there it was 16.", sentence);

        Edit(folder, run =>
        {
            run["training"]!["bits"] = 16;
            run["training"]!["attention"] = new JsonObject { ["mode"] = "off", ["divideByM"] = false, ["lambda"] = 0.0001 };
        });
        sentence = await DpfahProgram.FailAsync("train", "-o", folder, "--resume");
        Assert.Contains("other options: attention is { \"mode\": \"off\"", sentence, StringComparison.Ordinal);
        Assert.Equal(before, await File.ReadAllBytesAsync(checkpoint));
    }

    [Fact]
    public async Task A_damaged_checkpoint_is_told_with_its_file()
    {
        string folder = once.CopyBroken("damaged");
        string checkpoint = Path.Combine(folder, "checkpoint.safetensors");
        await using (FileStream file = File.OpenWrite(checkpoint))
        {
            file.SetLength(file.Length - 1000);
        }

        string sentence = await DpfahProgram.FailAsync("train", "-o", folder, "--resume");
        Assert.Contains($"'{checkpoint}'", sentence, StringComparison.Ordinal);
        Assert.Contains("is damaged", sentence, StringComparison.Ordinal);
    }

    private static void Edit(string folder, Action<JsonNode> edit)
    {
        string path = Path.Combine(folder, "run.json");
        JsonNode run = JsonNode.Parse(File.ReadAllText(path))!;
        edit(run);
        File.WriteAllText(path, run.ToJsonString());
    }
}
