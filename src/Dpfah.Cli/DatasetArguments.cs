using System.CommandLine;
using Dpfah.Learning.Datasets;

namespace Dpfah.Cli;

/// <summary>The options that name a data set and its split.</summary>
internal sealed class DatasetArguments
{
    private readonly Option<string> dataset = new("--dataset") { Description = $"Data set: {DatasetCatalogue.Names}.", HelpName = "NAME" };
    private readonly Option<string> data = new("--data") { Description = "Folder of the data set; for Fashion-MNIST where Debian's package puts it.", HelpName = "FOLDER" };
    private readonly Option<int> queries = new("--queries-per-class") { Description = "Queries of each class, in place of the data set's protocol.", HelpName = "N" };
    private readonly Option<int> train = new("--train-per-class") { Description = "Training pictures of each class, in place of the protocol.", HelpName = "N" };
    private readonly Option<bool> includesTrain = new("--database-includes-training") { Description = "Whether the training pictures are in the database too (CIFAR-10's 59,000)." };
    private readonly Option<ulong> seed = new("--split-seed") { Description = $"Seed of the split (default {Split.DefaultSeed}).", HelpName = "N" };

    public DatasetArguments(Command command)
    {
        foreach (Option option in new Option[] { dataset, data, queries, train, includesTrain, seed })
        {
            command.Add(option);
        }
    }

    /// <summary>Name of the data set; null when none is given.</summary>
    public string? Name(ParseResult parsed) => parsed.GetValue(dataset);

    /// <summary>Folder of the data set; null for the default.</summary>
    public string? Folder(ParseResult parsed) => parsed.GetValue(data);

    /// <summary>How to split; null for the protocol of the data set.</summary>
    /// <exception cref="CommandException">There is no such data set.</exception>
    public SplitRule? Rule(ParseResult parsed, string name)
    {
        bool Given(Option option) => parsed.GetResult(option) is { Implicit: false };
        if (!Given(queries) && !Given(train) && !Given(includesTrain) && !Given(seed))
        {
            return null;
        }

        SplitRule rule = Entry(name).Protocol.Rule;
        return rule with
        {
            QueriesPerClass = Given(queries) ? parsed.GetValue(queries) : rule.QueriesPerClass,
            TrainPerClass = Given(train) ? parsed.GetValue(train) : rule.TrainPerClass,
            DatabaseIncludesTrain = Given(includesTrain) ? parsed.GetValue(includesTrain) : rule.DatabaseIncludesTrain,
            Seed = Given(seed) ? parsed.GetValue(seed) : rule.Seed,
        };
    }

    /// <summary>The data set of a name.</summary>
    /// <exception cref="CommandException">There is none.</exception>
    public static DatasetEntry Entry(string name) =>
        DatasetCatalogue.All.FirstOrDefault(entry => entry.Name == name)
            ?? throw new CommandException(
                $"There is no data set '{name}'. Did you mean {Misspelling.Nearest(name, DatasetCatalogue.All.Select(entry => entry.Name))}? " +
                $"Data sets are {DatasetCatalogue.Names}.");
}
