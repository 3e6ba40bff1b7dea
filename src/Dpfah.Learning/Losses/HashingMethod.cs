using System.Text.Json;
using System.Text.Json.Nodes;
using System.Text.Json.Serialization;

namespace Dpfah.Learning.Losses;

/// <summary>A method of the comparison: a loss, its options, and whether its network has the parameter-free attention.</summary>
/// <remarks>A tenth method is a file with its loss and a line in <see cref="All"/>; see docs/adding-a-loss.md.</remarks>
public sealed class HashingMethod
{
    private static readonly JsonSerializerOptions Json = new(JsonSerializerDefaults.Web)
    {
        UnmappedMemberHandling = JsonUnmappedMemberHandling.Disallow,
        Converters = { new JsonStringEnumConverter(JsonNamingPolicy.CamelCase, allowIntegerValues: false) },
    };

    private readonly Type optionsType;
    private readonly Func<LossShape, object, HashingLoss> create;

    private HashingMethod(string title, string source, bool attention, Type optionsType, Func<LossShape, object, HashingLoss> create)
    {
        Title = title;
        Source = source;
        Attention = attention;
        this.optionsType = optionsType;
        this.create = create;
    }

    /// <summary>All methods: the paper's first, then those that it is compared with, in the order of the paper's tables.</summary>
    public static IReadOnlyList<HashingMethod> All { get; } =
    [
        Of<DpfahOptions>("DPFAH", "Yang, Wang, Cheng, Sci Rep 2022", true, (shape, options) => new DpfahLoss(shape, options)),
        Of<DshOptions>("DSH", "Liu et al., CVPR 2016", false, (shape, options) => new DshLoss(shape, options)),
        Of<DhnOptions>("DHN", "Zhu et al., AAAI 2016", false, (shape, options) => new DhnLoss(shape, options)),
        Of<HashNetOptions>("HashNet", "Cao et al., ICCV 2017", false, (_, options) => new HashNetLoss(options)),
        Of<DbdhOptions>("DBDH", "Zheng, Zhang, Lu, Neurocomputing 2020", false, (shape, options) => new DbdhLoss(shape, options)),
        Of<DsdhOptions>("DSDH", "Li et al., NeurIPS 2017", false, (shape, options) => new DsdhLoss(shape, options)),
        Of<DfhOptions>("DFH", "Li et al., BMVC 2019", false, (shape, options) => new DfhLoss(shape, options)),
        Of<IdhnOptions>("IDHN", "Zhang et al., TMM 2019", false, (shape, options) => new IdhnLoss(shape, options)),
        Of<LcdshOptions>("LCDSH", "Zhu, Gao, IJCAI 2017", false, (_, options) => new LcdshLoss(options)),
    ];

    /// <summary>Name on the command line and in files, such as <c>dpfah</c>.</summary>
    public string Name => Title.ToLowerInvariant();

    /// <summary>Name in reports, such as <c>DPFAH</c>.</summary>
    public string Title { get; }

    /// <summary>Authors, where and when.</summary>
    public string Source { get; }

    /// <summary>Whether the method's network has the parameter-free attention, unless a run says otherwise.</summary>
    public bool Attention { get; }

    /// <summary>The method of this name.</summary>
    /// <exception cref="ArgumentException">There is none; the message lists all.</exception>
    public static HashingMethod Named(string name) =>
        All.FirstOrDefault(method => method.Name == name)
        ?? throw new ArgumentException($"There is no method '{name}'; methods are {string.Join(", ", All.Select(m => m.Name))}.", nameof(name));

    /// <summary>Creates a loss of this method.</summary>
    /// <param name="shape">What the loss must know before the first batch.</param>
    /// <param name="options">Options that differ from their defaults, by name, as in the JSON of a run.</param>
    /// <exception cref="ArgumentException">An option that the method does not have, or a value that it cannot take.</exception>
    public HashingLoss CreateLoss(LossShape shape, JsonObject? options = null) => create(shape, Read(options));

    /// <summary>All options with their values: the defaults, but for those given.</summary>
    /// <exception cref="ArgumentException">An option that the method does not have, or a value that it cannot take.</exception>
    public JsonObject Complete(JsonObject? options = null) => JsonSerializer.SerializeToNode(Read(options), optionsType, Json)!.AsObject();

    private static HashingMethod Of<TOptions>(
        string title, string source, bool attention, Func<LossShape, TOptions, HashingLoss> create)
        where TOptions : class, new() =>
        new(title, source, attention, typeof(TOptions), (shape, options) => create(shape, (TOptions)options));

    private object Read(JsonObject? options)
    {
        object read;
        try
        {
            read = (options ?? []).Deserialize(optionsType, Json)!;
        }
        catch (JsonException error)
        {
            throw new ArgumentException($"The options {options!.ToJsonString()} do not fit {Title}; it has {Defaults()}.", nameof(options), error);
        }

        string[] faults = read is LossOptions known ? [.. known.Faults()] : [];
        return faults.Length == 0 ? read : throw new ArgumentException($"The options of {Title} cannot be used: {string.Join("; ", faults)}.", nameof(options));
    }

    private string Defaults() => string.Join(
        ", ",
        JsonSerializer.SerializeToNode(Activator.CreateInstance(optionsType), optionsType, Json)!.AsObject().Select(o => $"{o.Key} = {o.Value}{Others(o.Key, o.Value!)}"));

    /// <summary>The other words that an option can be, where it is one of some words.</summary>
    private string Others(string name, JsonNode value)
    {
        Type type = optionsType.GetProperties().Single(property => JsonNamingPolicy.CamelCase.ConvertName(property.Name) == name).PropertyType;
        return type.IsEnum
            ? $" (or {string.Join(", ", Enum.GetNames(type).Select(JsonNamingPolicy.CamelCase.ConvertName).Where(word => word != value.ToString()))})"
            : "";
    }
}
