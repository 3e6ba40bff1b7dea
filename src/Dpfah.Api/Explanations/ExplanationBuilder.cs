using Dpfah.Api.Http;
using Dpfah.Api.Search;
using Dpfah.Core.Codes;
using Dpfah.Core.Imaging;
using Dpfah.Engine.Catalogue;
using Dpfah.Engine.Search;

namespace Dpfah.Api.Explanations;

/// <summary>Puts together why a picture was found.</summary>
internal static class ExplanationBuilder
{
    /// <summary>For a query from the collection.</summary>
    /// <param name="index">The collection.</param>
    /// <param name="explainer">What explains its codes.</param>
    /// <param name="query">The query.</param>
    /// <param name="result">The picture that was found.</param>
    public static ExplanationResponse Of(CollectionIndex index, IImageExplainer explainer, ImageRecord query, ImageRecord result) => Respond(
        index,
        query.Id,
        (query.Code, query.Signature),
        result,
        new ExplanationMaps(
            Paths(index.Name, query.Id, $"with={Uri.EscapeDataString(result.Id)}", explainer, query.Code, result.Code),
            Paths(index.Name, result.Id, $"with={Uri.EscapeDataString(query.Id)}", explainer, query.Code, result.Code)));

    /// <summary>For a picture that was sent: its maps are drawn now.</summary>
    /// <param name="index">The collection.</param>
    /// <param name="explainer">What explains its codes.</param>
    /// <param name="query">The query; it was not rejected.</param>
    /// <param name="result">The picture that was found.</param>
    /// <param name="cancellationToken">Gives up waiting.</param>
    public static async Task<ExplanationResponse> DrawAsync(
        CollectionIndex index, IImageExplainer explainer, EncodedPicture query, ImageRecord result, CancellationToken cancellationToken)
    {
        (BinaryCode code, BinaryCode signature) = (query.Code!.Code, query.Code.Signature);
        int distance = code.HammingDistance(result.Code);
        HeatMapTarget?[] wanted =
        [
            explainer.HasAttention ? HeatMapTarget.Attention : null,
            distance < code.Bits ? HeatMapTarget.Of(code, result.Code, BitGroup.Shared) : null,
            distance > 0 ? HeatMapTarget.Of(code, result.Code, BitGroup.Differing) : null,
        ];
        HeatMapTarget[] targets = [.. wanted.OfType<HeatMapTarget>()];
        var drawn = new Queue<byte[]>(await explainer.DrawAsync(query.Result.Preview!.Jpeg, targets, cancellationToken));
        string?[] sources = [.. wanted.Select(target => target is null ? null : $"data:image/png;base64,{Convert.ToBase64String(drawn.Dequeue())}")];
        return Respond(
            index,
            null,
            (code, signature),
            result,
            new ExplanationMaps(
                new PictureMaps(sources[0], sources[1], sources[2]),
                Paths(index.Name, result.Id, $"code={code}", explainer, code, result.Code)));
    }

    private static ExplanationResponse Respond(
        CollectionIndex index, string? queryId, (BinaryCode Code, BinaryCode Signature) query, ImageRecord result, ExplanationMaps maps)
    {
        ILookup<bool, int> bits = Enumerable.Range(0, query.Code.Bits).ToLookup(bit => query.Code[bit] == result.Code[bit]);
        return new ExplanationResponse(
            index.Name,
            RankingResponder.Summary(index.Generation),
            Picture(index.Name, queryId, query.Code, query.Signature),
            Picture(index.Name, result.Id, result.Code, result.Signature),
            query.Code.HammingDistance(result.Code),
            query.Signature.HammingDistance(result.Signature),
            [.. bits[true]],
            [.. bits[false]],
            maps);
    }

    private static ExplainedPictureResponse Picture(string collection, string? id, BinaryCode code, BinaryCode signature) =>
        new(id, code.ToString(), signature.ToString(), id is null ? null : RankingResponder.PreviewPath(collection, id));

    /// <summary>Where the maps of a picture of the collection are.</summary>
    private static PictureMaps Paths(string collection, string id, string other, IImageExplainer explainer, BinaryCode one, BinaryCode two)
    {
        string path = $"/collections/{collection}/images/{RawPath.Escape(id)}";
        int distance = one.HammingDistance(two);
        return new PictureMaps(
            explainer.HasAttention ? $"{path}/attention" : null,
            distance < one.Bits ? $"{path}/explain?{other}&bits=shared" : null,
            distance > 0 ? $"{path}/explain?{other}&bits=differing" : null);
    }
}
