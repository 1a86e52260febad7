"""Images, videos, tools and reasoning that would make the job fail, each with its exact message."""

import pytest

from tests.lambdas.tuning.data_sets.builders import (
    LITE,
    LITE_2,
    MICRO,
    TOOL,
    assistant,
    image,
    problems_of,
    reasoning,
    record,
    text,
    tool_result,
    tool_use,
    user,
    video,
    with_bad,
)

CASES = [
    (
        "image for Micro",
        MICRO,
        record(user(text("a"), image()), assistant(text("b"))),
        [("media", "messages[0].content[1].image: Nova Micro is not tuned with images")],
    ),
    (
        "image of the assistant",
        LITE,
        record(user(text("a")), assistant(image(), text("b"))),
        [("media", "messages[1].content[0].image is in a message of the assistant")],
    ),
    (
        "eleven images",
        LITE,
        record(user(text("a"), *[image()] * 11), assistant(text("b"))),
        [("media-count", "the record has 11 images; 10 at most")],
    ),
    (
        "two videos",
        LITE,
        record(user(text("a"), video(), video()), assistant(text("b"))),
        [("media-count", "the record has 2 videos; 1 at most")],
    ),
    (
        "images and videos",
        LITE,
        record(user(text("a"), image(), video()), assistant(text("b"))),
        [("media-mixed", "the record has videos and images")],
    ),
    (
        "image format jpg",
        LITE,
        record(user(text("a"), image(form="jpg")), assistant(text("b"))),
        [("media-format", "messages[0].content[1].image.format is 'jpg'")],
    ),
    (
        "image format bmp",
        LITE,
        record(user(text("a"), image(form="bmp")), assistant(text("b"))),
        [("media-format", "messages[0].content[1].image.format is 'bmp'")],
    ),
    (
        "image format missing",
        LITE,
        record(user({"image": {"source": {"s3Location": {"uri": "s3://data/a.png"}}}}), assistant(text("b"))),
        [("media-format", "messages[0].content[0].image.format is null")],
    ),
    (
        "image bytes",
        LITE,
        record(user({"image": {"format": "png", "source": {"bytes": "aGk="}}}), assistant(text("b"))),
        [("media-source", "messages[0].content[0].image.source has its bytes")],
    ),
    (
        "image without source",
        LITE,
        record(user({"image": {"format": "png"}}), assistant(text("b"))),
        [("media-source", "messages[0].content[0].image has no source.s3Location.uri")],
    ),
    (
        "image from the web",
        LITE,
        record(user(image("https://x.org/a.png")), assistant(text("b"))),
        [("media-uri", "messages[0].content[0].image.source.s3Location.uri is 'https://x.org/a.png'")],
    ),
    (
        "blank in an image's key",
        LITE,
        record(user(image("s3://data/my picture.png")), assistant(text("b"))),
        [("media-uri", "messages[0].content[0].image.source.s3Location.uri is 's3://data/my picture.png'")],
    ),
    (
        "bucket owner",
        LITE,
        record(user(image(bucketOwner=123)), assistant(text("b"))),
        [("media-source", "messages[0].content[0].image.source.s3Location.bucketOwner is no account id")],
    ),
    (
        "image is a text",
        LITE,
        record(user({"image": "a.png"}), assistant(text("b"))),
        [("type", "messages[0].content[0].image is a text, not an object")],
    ),
    (
        "two kinds in a block",
        LITE,
        record(user({"text": "a", **image()}), assistant(text("b"))),
        [("block", "messages[0].content[0] has text and image")],
    ),
    (
        "webp for Nova 2",
        LITE_2,
        record(user(image(form="webp")), assistant(text("b"))),
        [("media-format", "messages[0].content[0].image.format is 'webp'")],
    ),
    (
        "unknown tool",
        LITE_2,
        record(
            user(text("a")),
            assistant(tool_use(name="x")),
            user(tool_result()),
            assistant(text("b")),
            toolConfig={"tools": [TOOL]},
        ),
        [("tools", "messages[1].content[0].toolUse: toolConfig has no tool 'x'")],
    ),
    (
        "result without use",
        LITE_2,
        record(user(text("a")), assistant(text("b")), user(tool_result("9")), assistant(text("c"))),
        [("tools", "messages[2].content[0].toolResult.toolUseId '9' is no use's before it")],
    ),
    (
        "use twice",
        LITE_2,
        record(user(text("a")), assistant(tool_use(), tool_use()), user(tool_result()), assistant(text("b"))),
        [("tools", "messages[1].content[1].toolUse.toolUseId '1' is there twice")],
    ),
    (
        "result twice",
        LITE_2,
        record(user(text("a")), assistant(tool_use()), user(tool_result(), tool_result()), assistant(text("b"))),
        [("tools", "messages[2].content[1].toolResult.toolUseId '1' has a result already")],
    ),
    (
        "use of the user",
        LITE_2,
        record(user(tool_use()), assistant(text("b"))),
        [("block", "messages[0].content[0].toolUse is in a message of the user")],
    ),
    (
        "no tools",
        LITE_2,
        record(user(text("a")), assistant(text("b")), toolConfig={"tools": []}),
        [("tools", "toolConfig has no tools")],
    ),
    (
        "tool without schema",
        LITE_2,
        record(
            user(text("a")),
            assistant(text("b")),
            toolConfig={"tools": [{"toolSpec": {"name": "w", "description": "d"}}]},
        ),
        [("tools", "toolConfig.tools[0].toolSpec.inputSchema.json has no type")],
    ),
    (
        "input is a text",
        LITE_2,
        record(user(text("a")), assistant(tool_use(given="{}")), user(tool_result()), assistant(text("b"))),
        [("tools", "messages[1].content[0].toolUse.input is a text, not an object")],
    ),
    (
        "empty result",
        LITE_2,
        record(user(text("a")), assistant(tool_use()), user(tool_result(content=[])), assistant(text("b"))),
        [("tools", "messages[2].content[0].toolResult has no content")],
    ),
    (
        "reasoning of the user",
        LITE_2,
        record(user(reasoning()), assistant(text("b"))),
        [
            ("block", "messages[0].content[0].reasoningContent is in a message of the user"),
            ("block", "messages[0].content has reasoning and no answer"),
        ],
    ),
    (
        "only reasoning",
        LITE_2,
        record(user(text("a")), assistant(reasoning())),
        [("block", "messages[1].content has reasoning and no answer")],
    ),
    (
        "Word document",
        LITE_2,
        record(
            user(text("a"), {"document": {"format": "docx", "source": {"s3Location": {"uri": "s3://data/a.docx"}}}}),
            assistant(text("b")),
        ),
        [("media-format", "messages[0].content[1].document.format is 'docx'")],
    ),
]


@pytest.mark.parametrize(("base", "value", "found"), [pytest.param(*case[1:], id=case[0]) for case in CASES])
def test_a_bad_block_is_told(base: str, value: object, found: list[tuple[str, str]]) -> None:
    assert problems_of(with_bad(value), base=base) == [(4, *problem) for problem in found]


def test_media_are_in_one_bucket() -> None:
    other = record(user(image("s3://other/a.png")), assistant(text("c")))
    file = with_bad(record(user(image()), assistant(text("b"))), after=(other,))

    assert problems_of(file, base=LITE) == [
        (101, "media-bucket", "messages[0].content[0].image is in the bucket other, not in data")
    ]


def test_media_are_in_the_bucket_of_the_data_set() -> None:
    file = with_bad(record(user(image()), assistant(text("b"))))

    assert problems_of(file, base=LITE, bucket="data") == []
    assert problems_of(file, base=LITE, bucket="mine") == [
        (4, "media-bucket", "messages[0].content[0].image is in the bucket data, not in mine")
    ]


def test_a_data_set_has_images_or_videos() -> None:
    file = with_bad(record(user(image()), assistant(text("b"))), after=(record(user(video()), assistant(text("c"))),))

    assert problems_of(file, base=LITE) == [
        (101, "media-mixed", "the record has a video, and the data set images since line 4")
    ]
