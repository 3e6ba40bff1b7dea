using System.CommandLine;
using System.Globalization;
using System.Text.Json.Nodes;
using Dpfah.Learning.Datasets;
using Dpfah.Learning.Losses;
using Dpfah.Learning.Networks;
using Dpfah.Learning.Reproduction;
using Dpfah.Learning.Training;

namespace Dpfah.Cli;

/// <summary>The options of a training on the command line, over those of a file or the defaults.</summary>
internal sealed class TrainingArguments
{
    private static readonly TrainingOptions Defaults = new();
    private static readonly string[] Methods = [.. HashingMethod.All.Select(m => m.Name), .. UnsupervisedModel.Methods];

    private readonly Option<string> method = Of<string>("--method", $"Method: {string.Join(", ", Methods)} (default {Defaults.Method}). {string.Join(", ", UnsupervisedModel.Methods)} need no labels: a hash layer is fitted behind a backbone that stays as it is.", "NAME");
    private readonly Option<int> bits = Of<int>("--bits", $"Length of the codes, a multiple of 8 (default {Defaults.Bits}).", "N");
    private readonly Option<string[]> set = Of<string[]>("--set", "Option of the method's loss, such as eta=5; may be repeated.", "NAME=VALUE");
    private readonly Option<int> epochs = Of<int>("--epochs", $"Passes over the training pictures (default {Defaults.Epochs}).", "N");
    private readonly Option<int> batchSize = Of<int>("--batch-size", $"Pictures in a batch (default {Defaults.BatchSize}).", "N");
    private readonly Option<double> learningRate = Of<double>("--learning-rate", $"Learning rate of RMSProp (default {Text(Defaults.LearningRate)}).", "X");
    private readonly Option<int> learningRateStep = Of<int>("--learning-rate-step", "Epochs after which the rate falls to a tenth; 0 for never (default).", "N");
    private readonly Option<double> weightDecay = Of<double>("--weight-decay", $"Weight decay (default {Text(Defaults.WeightDecay)}).", "X");
    private readonly Option<int> side = Of<int>("--side", $"Side of the network's input in pixels, a multiple of 32 (default {Defaults.ImageSide}).", "PIXELS");
    private readonly Option<string> augmentation = Of<string>("--augmentation", "What becomes of training pictures: none or crop-and-flip (default: the data set's).", "NAME");
    private readonly Option<string> backbone = Of<string>("--backbone", $"{ResNet18.Architecture} (default) or {AlexNet.Architecture}.", "NAME");
    private readonly Option<string> attention = Of<string>("--attention", "residual (the paper's), only or off (default: the method's).", "MODE");
    private readonly Option<double> attentionLambda = Of<double>("--attention-lambda", $"Lambda of the attention, above 0 (default {Text(AttentionOptions.Paper.Lambda)}).", "X");
    private readonly Option<bool> divideByM = Of<bool>("--attention-divide-by-m", "Whether the attention's variance is divided by M, as the paper's text has it, in place of M - 1 (default false).", "true|false");
    private readonly Option<bool> classesFromCode = Of<bool>("--classes-from-code", "Whether the class layer takes the real code in place of the feature, which is not the paper's network (default false).", "true|false");
    private readonly Option<string> weights = Of<string>("--weights", "Where the backbone starts: imagenet (default), random, or a backbone file.", "NAME|FILE");
    private readonly Option<int> holdOut = Of<int>("--hold-out", "Training pictures of each class to measure on after epochs, and not to train on (default 0).", "N");
    private readonly Option<int> validateEvery = Of<int>("--validate-every", "Epochs from one such measurement to the next (default 1).", "N");
    private readonly Option<ulong> seed = Of<ulong>("--seed", "Seed of first weights, order and augmentation (default 1).", "N");
    private readonly Option<int> threads = Of<int>("--threads", "Threads of one operation (default: one a core). Sums depend on it in their last bits.", "N");
    private readonly Option<string> device = Of<string>("--device", "auto (default), cpu, cuda or cuda:n.", "DEVICE");

    private readonly Option[] all;

    /// <summary>Adds the options to a command.</summary>
    /// <param name="command">The command.</param>
    /// <param name="choosesMethod">Whether the command trains one method; otherwise the plan of a reproduction does.</param>
    public TrainingArguments(Command command, bool choosesMethod)
    {
        augmentation.AcceptOnlyFromAmong("none", "crop-and-flip");
        attention.AcceptOnlyFromAmong("residual", "only", "off");
        all = choosesMethod
            ? [method, bits, set, epochs, batchSize, learningRate, learningRateStep, weightDecay, side, augmentation, backbone, attention, attentionLambda, divideByM, classesFromCode, weights, holdOut, validateEvery, seed, threads, device]
            : [epochs, batchSize, learningRate, learningRateStep, weightDecay, side, augmentation, threads, device];
        if (!choosesMethod)
        {
            TrainingOptions small = ReproductionOptions.For(FashionMnist.Name).Training;
            TrainingOptions large = ReproductionOptions.For(Cifar10.Name).Training;
            epochs.Description = $"Passes over the training pictures (default {small.Epochs} for Fashion-MNIST, {large.Epochs} for the others).";
            learningRateStep.Description =
                $"Epochs after which the rate falls to a tenth, 0 for never (default {small.LearningRateStep} for Fashion-MNIST, {large.LearningRateStep} for the others).";
            side.Description =
                $"Side of the network's input in pixels, a multiple of 32 (default {small.ImageSide} for Fashion-MNIST, {large.ImageSide} for the others).";
        }

        foreach (Option option in all)
        {
            command.Add(option);
        }
    }

    /// <summary>Whether any of the options is given.</summary>
    public bool AnyGiven(ParseResult parsed) => all.Any(option => parsed.GetResult(option) is { Implicit: false });

    /// <summary>The method without labels that is asked for; null for one that trains.</summary>
    public string? Fit(ParseResult parsed) => parsed.GetValue(method) is string chosen && UnsupervisedModel.Methods.Contains(chosen) ? chosen : null;

    /// <summary>Whether a method is given.</summary>
    public bool NamesMethod(ParseResult parsed) => parsed.GetResult(method) is { Implicit: false };

    /// <summary>The options that are given, over others. A method without labels leaves the one of the others.</summary>
    /// <param name="parsed">The command line.</param>
    /// <param name="others">Those of a file, or the defaults.</param>
    /// <exception cref="CommandException">A value is out of range, or the loss has no such option.</exception>
    public TrainingOptions Read(ParseResult parsed, TrainingOptions others)
    {
        string? fit = Fit(parsed);
        if (fit is not null && IsGiven(set))
        {
            throw new CommandException($"--set gives options of a loss; {fit} has none.");
        }

        string chosen = fit is null ? Given(method, others.Method) : others.Method;
        HashingMethod known = HashingMethod.All.FirstOrDefault(m => m.Name == chosen)
            ?? throw new CommandException(
                $"There is no method '{chosen}'. Did you mean {Misspelling.Nearest(chosen, Methods)}? " +
                $"Methods are {string.Join(", ", Methods)}.");
        JsonObject loss = chosen == others.Method ? (JsonObject)others.Loss.DeepClone() : [];
        foreach (string pair in Given(set, []))
        {
            Set(loss, pair, known);
        }

        TrainingOptions options = others with
        {
            Method = chosen,
            Loss = loss,
            Bits = Given(bits, others.Bits),
            Epochs = Given(epochs, others.Epochs),
            BatchSize = Given(batchSize, others.BatchSize),
            LearningRate = Given(learningRate, others.LearningRate),
            LearningRateStep = Given(learningRateStep, others.LearningRateStep),
            WeightDecay = Given(weightDecay, others.WeightDecay),
            ImageSide = Given(side, others.ImageSide),
            Augmentation = Given(augmentation, null) switch
            {
                null => others.Augmentation,
                "none" => Augmentation.None,
                _ => Augmentation.CropAndFlip,
            },
            Backbone = Given(backbone, others.Backbone),
            Attention = Given(attention, null) switch
            {
                null => chosen == others.Method && Given(backbone, others.Backbone) == others.Backbone ? others.Attention : null,
                "off" => AttentionOptions.None,
                "only" => new AttentionOptions(AttentionMode.Only),
                _ => AttentionOptions.Paper,
            },
            ClassesFromCode = Given(classesFromCode, others.ClassesFromCode),
            Weights = Given(weights, null) is { } start ? WeightsOf(start) : others.Weights,
            HoldOut = Given(holdOut, others.HoldOut),
            ValidateEvery = Given(validateEvery, others.ValidateEvery),
            Seed = Given(seed, others.Seed),
            Threads = Given(threads, others.Threads),
            Device = Given(device, others.Device),
        };
        try
        {
            options.ThrowIfInvalid();
            if (IsGiven(attentionLambda) || IsGiven(divideByM))
            {
                AttentionOptions chosenAttention = options.EffectiveAttention;
                if (chosenAttention.Mode == AttentionMode.Off)
                {
                    throw new CommandException("--attention-lambda and --attention-divide-by-m are of the attention, which this network has not: give --attention residual.");
                }

                options = options with
                {
                    Attention = chosenAttention with
                    {
                        Lambda = Given(attentionLambda, chosenAttention.Lambda),
                        DivideByM = Given(divideByM, chosenAttention.DivideByM),
                    },
                };
                options.ThrowIfInvalid();
            }

            return options;
        }
        catch (ArgumentException error)
        {
            throw new CommandException(Sentence(error), error);
        }

        bool IsGiven(Option option) => parsed.GetResult(option) is { Implicit: false };

        T Given<T>(Option<T> option, T? other) => IsGiven(option) ? parsed.GetValue(option)! : other!;
    }

    /// <summary>The message of an exception without the name of a parameter, which a person at a terminal has no use for.</summary>
    public static string Sentence(Exception error) =>
        error is ArgumentException { ParamName: string name } ? error.Message.Replace($" (Parameter '{name}')", "", StringComparison.Ordinal) : error.Message;

    private static string WeightsOf(string start) => start is "imagenet" or "random" ? start
        : File.Exists(start) ? Path.GetFullPath(start)
        : throw new CommandException($"--weights is '{start}', and there is no such file; it is imagenet, random, or a backbone file.");

    private static void Set(JsonObject loss, string pair, HashingMethod method)
    {
        if (pair.Split('=', 2) is not [{ Length: > 0 } name, { Length: > 0 } value])
        {
            throw new CommandException($"--set takes NAME=VALUE, such as eta=5; it was given '{pair}'.");
        }

        JsonObject defaults = method.Complete();
        if (!defaults.ContainsKey(name))
        {
            throw new CommandException(
                $"{method.Title} has no option '{name}'. Did you mean {Misspelling.Nearest(name, defaults.Select(o => o.Key))}? " +
                $"It has {string.Join(", ", defaults.Select(o => $"{o.Key} = {o.Value}"))}.");
        }

        loss[name] = value is "true" or "false" ? value == "true"
            : double.TryParse(value, NumberStyles.Float, CultureInfo.InvariantCulture, out double number) ? Number(number)
            : JsonValue.Create(value);
    }

    // Whole numbers as such: an option may be an integer.
    private static JsonValue Number(double number) => number == Math.Floor(number) && Math.Abs(number) < 1e9 ? JsonValue.Create((int)number) : JsonValue.Create(number);

    private static Option<T> Of<T>(string name, string description, string helpName) => new(name) { Description = description, HelpName = helpName };

    private static string Text(double value) => value.ToString("0.########", CultureInfo.InvariantCulture);
}
