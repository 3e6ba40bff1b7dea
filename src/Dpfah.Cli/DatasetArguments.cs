using System.CommandLine;
using Dpfah.Learning.Datasets;

namespace Dpfah.Cli;

/// <summary>The options that name a data set and its split.</summary>
internal sealed class DatasetArguments
{
    private readonly Option<string> dataset;
    private readonly Option<string> data = new("--data") { Description = $"Folder of the data set (default for Fashion-MNIST: {FashionMnist.DebianFolder}, of Debian's package dataset-fashion-mnist).", HelpName = "FOLDER" };
    private readonly Option<int> queries = new("--queries-per-class") { Description = "Queries of each class (default: the data set's protocol, mostly 100).", HelpName = "N" };
    private readonly Option<int> train = new("--train-per-class") { Description = "Training pictures of each class (default: the protocol, mostly 500).", HelpName = "N" };
    private readonly Option<bool> includesTrain = new("--database-includes-training") { Description = "Whether the training pictures are in the database too (CIFAR-10's 59,000)." };
    private readonly Option<ulong> seed = new("--split-seed") { Description = $"Seed of the split (default {Split.DefaultSeed}).", HelpName = "N" };

    /// <summary>Adds the options to a command.</summary>
    /// <param name="command">The command.</param>
    /// <param name="without">What is taken where no data set is named, in words.</param>
    public DatasetArguments(Command command, string without)
    {
        dataset = new Option<string>("--dataset")
        {
            Description = $"Data set: {DatasetCatalogue.Names} ({without}). '{ImageFolder.Name}' is one of your own, a folder of pictures for each class.",
            HelpName = "NAME",
        };
        foreach (Option option in new Option[] { dataset, data, queries, train, includesTrain, seed })
        {
            command.Add(option);
        }
    }

    /// <summary>Whether any of the options is given.</summary>
    public bool AnyGiven(ParseResult parsed) =>
        new Option[] { dataset, data, queries, train, includesTrain, seed }.Any(option => Given(parsed, option));

    /// <summary>Name of the data set; null when none is given.</summary>
    public string? Name(ParseResult parsed) => parsed.GetValue(dataset);

    /// <summary>Folder of the data set, in full: a run is repeated from anywhere; null for the default.</summary>
    public string? Folder(ParseResult parsed) => parsed.GetValue(data) is { Length: > 0 } folder ? Path.GetFullPath(folder) : null;

    /// <summary>How to split; null for the protocol of the data set.</summary>
    /// <param name="parsed">The command line.</param>
    /// <param name="name">Name of the data set.</param>
    /// <param name="others">The rule that options are given over; null for that of the protocol.</param>
    /// <exception cref="CommandException">There is no such data set.</exception>
    public SplitRule? Rule(ParseResult parsed, string name, SplitRule? others = null)
    {
        if (!new Option[] { queries, train, includesTrain, seed }.Any(option => Given(parsed, option)))
        {
            return others;
        }

        SplitRule rule = others ?? Entry(name).Protocol.Rule;
        return rule with
        {
            QueriesPerClass = Given(parsed, queries) ? parsed.GetValue(queries) : rule.QueriesPerClass,
            TrainPerClass = Given(parsed, train) ? parsed.GetValue(train) : rule.TrainPerClass,
            DatabaseIncludesTrain = Given(parsed, includesTrain) ? parsed.GetValue(includesTrain) : rule.DatabaseIncludesTrain,
            Seed = Given(parsed, seed) ? parsed.GetValue(seed) : rule.Seed,
        };
    }

    /// <summary>The data set of a name.</summary>
    /// <exception cref="CommandException">There is none.</exception>
    public static DatasetEntry Entry(string name) =>
        DatasetCatalogue.All.FirstOrDefault(entry => entry.Name == name)
            ?? throw new CommandException(
                $"There is no data set '{name}'. Did you mean {Misspelling.Nearest(name, DatasetCatalogue.All.Select(entry => entry.Name))}? " +
                $"Data sets are {DatasetCatalogue.Names}.");

    private static bool Given(ParseResult parsed, Option option) => parsed.GetResult(option) is { Implicit: false };
}
